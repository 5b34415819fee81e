// Where the meta-gradient comes from: a heat map time × layer for each term.

/** The sums of one term: over all, by step, by layer. */
function sumsOf(r) {
  const bySteps = episode.contributions.map((step) => step.reduce((s, of) => s + of[r], 0));
  const byLayers = Array.from({ length: layers }, (_, l) => episode.contributions.reduce((s, step) => s + step[l][r], 0));
  return { bySteps, byLayers, all: bySteps.reduce((s, x) => s + x, 0) };
}

const maps = [];

function drawMap(map) {
  const { r, canvases, bars, bySteps, full } = map;
  canvases.forEach((canvas, l) => {
    heat(canvas, Float64Array.from(episode.contributions, (step) => step[l][r]), 1, steps, full);
  });
  const [width, height] = [Math.max(steps * 4, 400), 54];
  bars.width = width;
  bars.height = height;
  const context = bars.getContext("2d");
  const most = largest(bySteps);
  const middle = height / 2;
  context.fillStyle = color("line");
  context.fillRect(0, middle, width, 1);
  bySteps.forEach((x, t) => {
    const tall = most > 0 ? (x / most) * (middle - 2) : 0;
    context.fillStyle = color(x < 0 ? "minus" : "plus");
    context.fillRect((t * width) / steps, Math.min(middle, middle - tall), Math.max(1, width / steps - 1), Math.max(Math.abs(tall), 0.5));
  });
}

function addMap(r) {
  const { bySteps, byLayers, all } = sumsOf(r);
  const term = terms[r];
  const full = episode.contributions.reduce((m, step) => step.reduce((k, of) => Math.max(k, Math.abs(of[r])), m), 0);
  const read = (t, l) => {
    const where = l < layers ? `layer ${l + 1}` : "all layers";
    const value = l < layers ? episode.contributions[t][l][r] : bySteps[t];
    byId("sum-read").textContent = `${term.name}, step ${t + 1}, ${where}: ${show(value)}`;
  };
  const cursor = { t: 0, l: 0 };
  const watch = (canvas, l) => {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return Math.max(0, Math.min(steps - 1, Math.floor(((event.clientX - box.left) / box.width) * steps)));
    };
    canvas.addEventListener("mousemove", (event) => read(at(event), l));
    canvas.addEventListener("click", (event) => { go(LAST - at(event)); byId("step").scrollIntoView(); });
    return canvas;
  };
  const canvases = Array.from({ length: layers }, (_, l) => watch(h("canvas", { "aria-hidden": "true" }), l));
  const bars = watch(h("canvas.bars", { "aria-hidden": "true" }), layers);
  const rows = canvases.map((canvas, l) => h("tr",
    h("th", { scope: "row" }, `layer ${l + 1}`), h("td", canvas), h("td.number", { "data-layer": l + 1 }, show(byLayers[l], 6))));
  const gradient = episode.gradient[r] - episode.penalty[r];
  const off = Math.abs(all - gradient) / Math.max(Math.abs(gradient), Number.MIN_VALUE);
  const agree = all === gradient || off <= 1e-6;
  const table = h("table", { tabindex: "0", "aria-label": `${term.name}: contributions by step and layer` },
    h("thead", h("tr", h("th", { scope: "col" }, h("span.hidden", "layer")), h("th", { scope: "col" }, `steps 1 to ${steps}`), h("th.number", { scope: "col" }, "sum over time"))),
    h("tbody", rows),
    h("tfoot", h("tr", h("th", { scope: "row" }, "all layers"), h("td", bars), h("td.number", h("b", { "data-total": r }, show(all, 6))))));
  table.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (event.key === "Enter") { go(LAST - cursor.t); byId("step").scrollIntoView(); }
    if (!move) return;
    event.preventDefault();
    cursor.t = Math.max(0, Math.min(steps - 1, cursor.t + move[0] * (event.shiftKey ? 10 : 1)));
    cursor.l = Math.max(0, Math.min(layers, cursor.l + move[1]));
    read(cursor.t, cursor.l);
  });
  const penalty = episode.penalty[r] === 0 ? "" : `, and ${show(episode.penalty[r])} of it is the penalty's`;
  const check = h("p.check", { "data-agrees": String(agree) },
    h("b", agree ? "✓ adds up" : "✗ does not add up"),
    `: the sum ${show(all, 8)} and the gradient at the top of this page, ${show(episode.gradient[r], 8)}${penalty}, are ${show(off, 2)} apart, relative to it.`);
  const map = { r, canvases, bars, bySteps, full };
  maps.push(map);
  const title = h("h3", `${term.name} `, math(term.mathml));
  byId("maps").append(h("div.map", title, table, check));
  drawMap(map);
}

function setUpSums() {
  byId("maps").append(h("p.hint", "Blue is negative: more of the term would lower the loss. Orange is positive. Each map has its own scale."));
  terms.forEach((_, r) => addMap(r));
}
