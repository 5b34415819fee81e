// The whole life of one weight.

let lifeCharts = [];

function drawLife() {
  const one = layer(state.layer);
  const { w, shares, adjoint } = one.life(state.i, state.j);
  const post = byId("post");
  const pre = byId("pre");
  post.max = one.rows;
  pre.max = one.columns;
  post.value = state.i + 1;
  pre.value = state.j + 1;
  const total = w[steps] - w[0];
  byId("weight-read").textContent =
    `The synapse from unit ${state.j + 1} of layer ${state.layer - 1} to unit ${state.i + 1} of layer ${state.layer} starts at ${show(w[0])} and ends at ${show(w[steps])}, a change of ${show(total)}.`;
  const sums = one.terms.map((r) => [r, shares[r].reduce((s, x) => s + x, 0)]);
  const table = byId("shares");
  table.tHead.replaceChildren(h("tr",
    h("th", { scope: "col" }, "by"), sums.map(([r]) => h("th.number", { scope: "col" }, `θ·${terms[r].name}`)), h("th.number", { scope: "col" }, "all terms")));
  table.tBodies[0].replaceChildren(h("tr",
    h("th", { scope: "row" }, "ΔW, all steps"), sums.map(([, sum]) => h("td.number", show(sum))), h("td.number", show(total))));

  const at = (t) => [t + 1];
  const jump = (x) => go(Math.max(0, Math.min(steps - 1, Math.round(x) - 1)));
  const ofTerms = one.terms.map((r) => ({
    name: terms[r].name, color: termColor(r), points: shares[r].map((x, t) => [...at(t), x]),
  }));
  lifeCharts = [
    chart({ title: "The weight w", x: "step", y: "w", click: jump, lines: [{ name: "w", color: "var(--ink)", points: w.map((x, t) => [t, x]) }] }),
    chart({ title: "Each term's share of each update", x: "step", y: "θ F", click: jump, zero: true, lines: ofTerms }),
    chart({ title: "Its adjoint Λ: what a change of w just after the step is worth", x: "step", y: "Λ", click: (x) => go(LAST - Math.max(0, Math.min(steps - 1, Math.round(x) - 1))), zero: true, lines: [{ name: "Λ", color: "var(--backward)", points: adjoint.map((x, t) => [...at(t), x]) }] }),
  ];
  byId("life").replaceChildren(...lifeCharts);
  lifeCharts[1].insertBefore(key(one.terms.map((r) => [terms[r].name, termColor(r)])), lifeCharts[1].lastChild);
  markLife();
  state.life = { w, shares, adjoint };
  if (byId("life-details").open) fillLifeTable();
}

function markLife() {
  const { t } = place(state.p);
  for (const figure of lifeCharts) figure.setNow(t < steps ? t + 1 : steps);
}

function fillLifeTable() {
  const { w, shares, adjoint } = state.life;
  const shown = layer(state.layer).terms;
  const head = ["step", "w before", ...shown.map((r) => `θ·${terms[r].name}`), "w after", "Λ after"];
  const rows = adjoint.map((lambda, t) => h("tr",
    h("th", { scope: "row" }, `${t + 1}`),
    [w[t], ...shown.map((r) => shares[r][t]), w[t + 1], lambda].map((x) => h("td.number", show(x)))));
  byId("life-details").querySelector("div").replaceChildren(h("table",
    { "aria-label": `Layer ${state.layer}, from unit ${state.j + 1} to unit ${state.i + 1}, step by step` },
    h("thead", h("tr", head.map((name, k) => h(k ? "th.number" : "th", { scope: "col" }, name)))), h("tbody", rows)));
}

function setUpWeight() {
  for (const id of ["post", "pre"]) {
    byId(id).addEventListener("change", () => choose(Number(byId("post").value) - 1, Number(byId("pre").value) - 1));
  }
  byId("busiest").addEventListener("click", busiest);
  byId("life-details").addEventListener("toggle", () => { if (byId("life-details").open) fillLifeTable(); });
}
