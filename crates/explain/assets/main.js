// Fills the page.

function setUpTop() {
  const { data, rule, seed } = episode;
  byId("lead").textContent =
    `Rule ${rule} on ${data.name}${data.synthetic ? " (synthetic characters, drawn by the program)" : ""}: ${steps} images of ${episode.classes} classes learned one by one by a network of ${sizes.join("-")} units, then ${episode.queries} query images. All numbers are of this one episode (seed ${seed}, double precision).`;
  const figure = (value, name, id) => h("div", h("b", { id }, value), h("span", name));
  byId("score").append(
    figure(show(episode.loss, 6), "meta-loss", "loss"),
    figure(`${show(100 * episode.accuracy, 3)} %`, "of query images right", "accuracy"),
    figure(`${steps}`, "updates of every layer", "steps-count"),
    figure(`${sizes.slice(1).reduce((s, n, l) => s + n * sizes[l], 0).toLocaleString("en")}`, "synapses", "synapses"),
  );
  byId("terms").tBodies[0].append(...terms.map((term, r) => {
    const g = episode.gradient[r];
    const better = g === 0 ? "no change" : g < 0 ? "more of it" : "less of it";
    return h("tr",
      h("th", { scope: "row" }, h("i", { style: `display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px;background:${termColor(r)}` }), term.name),
      h("td", math(term.mathml)), h("td", term.equation ? `(${term.equation})` : "—"),
      h("td.number", show(episode.theta[r])), h("td.number", { "data-gradient": r }, show(g, 8)), h("td", better));
  }), ...episode.others.map((other) => {
    const better = other.gradient === 0 ? "no change" : other.gradient < 0 ? "more of it" : "less of it";
    return h("tr",
      h("th", { scope: "row" }, other.name), h("td", other.mathml ? math(other.mathml) : other.what), h("td", "—"),
      h("td.number", show(other.value)), h("td.number", show(other.gradient, 8)), h("td", better));
  }));
  byId("origin").textContent = `Written by metaplast ${episode.version}. This file needs no network.`;
}

function redraw() {
  refreshPalette();
  thumbnails.clear();
  go(state.p);
  maps.forEach(drawMap);
}

setUpTop();
setUpSteps();
setUpWeight();
state.layer = Math.min(2, layers);
byId("layer").value = state.layer;
busiest();
go(0);
setUpSums();
setUpResponses();
setUpComparison();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
document.documentElement.dataset.ready = String(Math.round(performance.now()));
