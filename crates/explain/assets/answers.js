// What the gradient promises, and how rules compare.

function setUpResponses() {
  terms.forEach((term, r) => {
    const { delta, loss } = episode.responses[r];
    const start = episode.loss;
    const g = episode.gradient[r];
    const line = delta.map((d) => [d, start + g * d]);
    const good = (k) => loss[k] !== null && Math.abs(loss[k] - start - g * delta[k]) <= 0.1 * Math.abs(g * delta[k]);
    const middle = (delta.length - 1) / 2;
    let [from, to] = [middle, middle];
    while (from > 0 && good(from - 1)) from--;
    while (to < delta.length - 1 && good(to + 1)) to++;
    const points = loss.map((l, k) => [delta[k], l ?? NaN]).filter((p) => Number.isFinite(p[1]));
    const seen = points.map((p) => p[1]);
    const room = Math.max(...seen) - Math.min(...seen);
    const figure = chart({
      title: `${term.name}: θ = ${show(episode.theta[r])}, gradient ${show(g)}`,
      x: `δ, added to θ of ${term.name}`, y: "meta-loss",
      band: to > from ? [delta[from], delta[to]] : undefined,
      low: Math.min(...seen) - 0.08 * room, high: Math.max(...seen) + 0.08 * room,
      lines: [
        { name: "gradient", color: "var(--ink)", points: line, dashed: true },
        { name: "episodes", color: termColor(r), points, dots: true },
      ],
    });
    const rows = delta.map((d, k) => h("tr", h("th", { scope: "row" }, show(d)), h("td.number", { "data-delta": k }, show(loss[k], 6)), h("td.number", show(start + g * d, 6))));
    figure.append(h("details", h("summary", "As a table"), h("div.scroll.tall", h("table",
      h("thead", h("tr", ["δ", "episode run again", "gradient's line"].map((name, k) => h(k ? "th.number" : "th", { scope: "col" }, name)))),
      h("tbody", rows)))));
    const diverged = loss.filter((l) => l === null).length;
    if (diverged) figure.append(h("p.hint", `${diverged} of ${loss.length} diverged and have no point.`));
    byId("responses").append(figure);
  });
}

function setUpComparison() {
  const { rules, at } = episode.comparison;
  const fill = (k) => `var(--t${k})`;
  byId("compare-lead").textContent =
    `The same first weights, feedback weights and images, learned from by ${rules.length} rules: ${rules.map((rule) => `${rule.name} (${rule.theta.map(([name, x]) => `${name}: ${show(x)}`).join(", ")})`).join("; ")}. α is the angle between the error that arrives at a layer and the one that backpropagation would send there, on the query images.`;
  const lines = (of) => rules.map((rule, k) => ({ name: rule.name, color: fill(k), width: 2, points: rule.probes.map((probe, i) => [at[i], of(probe) ?? NaN]) }));
  const charts = [
    chart({ title: "Share of query images classified right", x: "step", y: "accuracy", low: 0, high: 1, lines: lines((p) => p.accuracy) }),
    chart({ title: "Cross-entropy of the query images", x: "step", y: "cross-entropy", lines: lines((p) => p.cross_entropy) }),
  ];
  for (let l = layers - 1; l >= 0; l--) {
    charts.push(chart({ title: `Angle α of e at layer ${l}, degrees`, x: "step", y: "degrees", low: 0, high: 120, lines: lines((p) => p.angles[l]) }));
  }
  byId("comparison").before(key(rules.map((rule, k) => [rule.name, fill(k)])));
  byId("comparison").append(...charts);
  const names = ["rule", "accuracy", "cross-entropy", ...Array.from({ length: layers }, (_, l) => `α ${l}`)];
  byId("ends").tHead.replaceChildren(h("tr", names.map((name, k) => h(k ? "th.number" : "th", { scope: "col" }, name))));
  byId("ends").tBodies[0].replaceChildren(...rules.map((rule) => {
    const end = rule.probes.at(-1);
    const cells = [show(end.accuracy), show(end.cross_entropy), ...end.angles.slice(0, layers).map((a) => `${a === null ? "—" : a.toFixed(2)}°`)];
    return h("tr", { "data-rule": rule.name }, h("th", { scope: "row" }, rule.name), cells.map((cell) => h("td.number", cell)));
  }));
}
