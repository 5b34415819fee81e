// The steps: forward through the images, the loss, and back again. A position is
// 0..steps−1 on the way forward, `steps` at the loss, and then back to 2·steps.

const LAST = 2 * steps;
const place = (p) => (p < steps
  ? { phase: "forward", t: p }
  : p === steps ? { phase: "loss", t: steps } : { phase: "backward", t: LAST - p });

const state = { p: 0, layer: Math.min(2, layers), view: "W", i: 0, j: 0, timer: null };

const VIEWS = {
  W: ["W", "before the step"],
  grown: ["W − W(0)", "what was learned before the step"],
  change: ["ΔW", "the update of the step"],
  adjoint: ["Λ", "dL/dW after the step"],
};

function arrowHead(id, name) {
  return h("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" },
    h("path", { d: "M0 0 L8 4 L0 8 z", fill: `var(--${name})` }));
}

function arrow(kind, d, off) {
  return h(`path.${kind}${off ? ".off" : ""}`, { d, "marker-end": `url(#head-${kind})` });
}

const text = (x, y, content, more = {}, soft = false) =>
  h(soft ? "text.soft" : "text", { x, y, "text-anchor": "middle", ...more }, content);

function drawUnrolled() {
  const svg = byId("unrolled");
  const { phase, t } = place(state.p);
  const title = byId("unrolled-title");
  svg.replaceChildren(title, h("defs", arrowHead("head-forward", "forward"), arrowHead("head-backward", "backward"), arrowHead("head-update", "t2")));
  const shown = 6;
  const from = Math.max(0, Math.min(t - 2, steps - shown));
  const count = Math.min(shown, steps - from);
  const gap = 150;
  const start = 52;
  for (let k = 0; k <= count; k++) {
    const at = from + k;
    const x = start + k * gap;
    const past = phase === "forward" ? at <= t : true;
    const undone = phase === "backward" && at > t;
    svg.append(h("rect.box", { x: x - 26, y: 16, width: 52, height: 32, rx: 8, ...(past ? {} : { opacity: 0.35 }) }));
    svg.append(text(x, 37, `W(${at})`, past ? {} : { opacity: 0.4 }));
    if (undone) svg.append(text(x, 11, `Λ(${at})`, { fill: "var(--backward)", style: "fill: var(--backward)" }));
    if (k === count) break;
    const current = at === t && phase !== "loss";
    const done = phase !== "forward" || at < t || current;
    svg.append(arrow("forward", `M${x + 30} 32 H${x + gap - 32}`, !done));
    if (phase === "backward" && at >= t) svg.append(arrow("backward", `M${x + gap - 30} 22 H${x + 32}`));
    const image = thumbnail(at);
    const cx = x + gap / 2;
    svg.append(arrow("update", `M${cx} 66 V38`, !done));
    if (image) {
      svg.append(h("image", { href: image, x: cx - 24, y: 66, width: 48, height: 48, style: "image-rendering: pixelated", ...(done ? {} : { opacity: 0.4 }) }));
    }
    svg.append(h("rect", { x: cx - 25, y: 65, width: 50, height: 50, fill: "none", stroke: current ? "var(--accent)" : "var(--line)", "stroke-width": current ? 3 : 1 }));
    svg.append(text(cx, 128, `image ${at + 1}`, current ? { "font-weight": 600 } : {}, !current));
  }
  if (from + count === steps) {
    const x = start + count * gap;
    svg.append(arrow("forward", `M${x} 50 V82`, phase === "forward"));
    svg.append(text(x, 98, `L = ${show(episode.cross_entropy)}`, phase === "loss" ? { "font-weight": 700 } : {}));
  } else {
    svg.append(text(start + count * gap, 76, "…", {}, true));
  }
}

/** A strip of at most 47 cells for a vector; wider cells show the largest of theirs. */
function strip(x, y0, height, numbers, full) {
  const cells = Math.min(47, numbers.length);
  const group = h("g");
  for (let c = 0; c < cells; c++) {
    const part = numbers.slice(Math.floor((c * numbers.length) / cells), Math.floor(((c + 1) * numbers.length) / cells));
    const value = part.reduce((m, v) => (Math.abs(v) > Math.abs(m) ? v : m), 0);
    const tall = height / cells;
    group.append(h("rect", { x: x - 11, y: y0 + c * tall, width: 22, height: tall + 0.3, fill: css(full > 0 ? value / full : 0) }));
  }
  group.append(h("rect", { x: x - 11, y: y0, width: 22, height, fill: "none", stroke: "var(--line)" }));
  return group;
}

const pathway = { fixed: "B", direct: "D", symmetric: "Wᵀ", "symmetric-exact": "Wᵀ" }[episode.feedback];

function drawDiagram() {
  const svg = byId("diagram");
  const { phase, t: place_t } = place(state.p);
  const t = Math.min(place_t, steps - 1);
  const title = byId("diagram-title");
  title.textContent = `Step ${t + 1}: forward path, error path and updates`;
  svg.replaceChildren(title);
  const x = (l) => 70 + (l * 840) / layers;
  const [top, tall, low] = [40, 112, 236];
  svg.append(h("text.soft", { x: 8, y: 14 }, "activity y, forward"));
  svg.append(h("text.soft", { x: 8, y: 212 }, "error e, back"));
  const back = phase === "backward";
  for (let l = 0; l <= layers; l++) {
    const active = y(l, t);
    svg.append(strip(x(l), top, tall, active, largest(active)));
    svg.append(text(x(l), top - 8, l === 0 ? "x = y₀" : `y${"₀₁₂₃₄₅₆₇₈₉"[l] ?? l}`));
    svg.append(text(x(l), top + tall + 14, `‖y‖ ${show(norm(active), 3)}`, { "font-size": 11 }, true));
    const error = e(l, t);
    if (error) {
      svg.append(strip(x(l), low, tall, error, largest(error)));
      svg.append(text(x(l), low + tall + 16, `e${"₀₁₂₃₄₅₆₇₈₉"[l] ?? l}`));
      svg.append(text(x(l), low - 6, `‖e‖ ${show(norm(error), 3)}`, { "font-size": 11 }, true));
    }
    if (l === 0) continue;
    const middle = (x(l - 1) + x(l)) / 2;
    const [a, b] = [x(l - 1) + 16, x(l) - 16];
    svg.append(arrow("forward", `M${a} ${top + 56} H${b}`, back));
    svg.append(h("rect.box", { x: middle - 22, y: top + 42, width: 44, height: 28, rx: 6 }));
    svg.append(text(middle, top + 61, `W${"₀₁₂₃₄₅₆₇₈₉"[l] ?? l}`));
    if (e(l - 1, t)) {
      svg.append(arrow("forward", `M${b} ${low + 56} H${a}`, back));
      svg.append(h("rect.box", { x: middle - 22, y: low + 42, width: 44, height: 28, rx: 6 }));
      svg.append(text(middle, low + 61, pathway));
    }
    svg.append(arrow("update", `M${middle} ${low - 2} V${top + 76}`, back));
    svg.append(text(middle, 188, `‖ΔW‖ ${show(episode.change[t][l - 1], 3)}`, { "font-size": 11 }));
    if (back) {
      svg.append(arrow("backward", `M${b} ${top + 30} H${a}`));
      svg.append(text(middle, top + 22, `‖z̄‖ ${show(norm(dz(l, t)), 3)}`, { "font-size": 11, style: "fill: var(--backward)" }));
      const shares = episode.contributions[t][l - 1].reduce((s, c, r) => s + c * episode.theta[r], 0);
      svg.append(text(middle, 204, `⟨Λ, ΔW⟩ ${show(shares, 3)}`, { "font-size": 11, style: "fill: var(--backward)" }));
    }
  }
}

function matrixNow() {
  const one = layer(state.layer);
  const { phase, t } = place(state.p);
  switch (state.view) {
    case "grown": {
      const w = one.at(t);
      return w.map((v, k) => v - one.first[k]);
    }
    case "change":
      return phase === "loss" ? null : one.change(t);
    case "adjoint":
      return phase === "forward" ? null : one.adjoint(Math.min(t, steps - 1));
    default:
      return one.at(t);
  }
}

function drawMatrix() {
  const one = layer(state.layer);
  const canvas = byId("matrix");
  const numbers = matrixNow();
  const legend = byId("matrix-legend");
  const readout = byId("matrix-read");
  state.numbers = numbers;
  if (!numbers) {
    heat(canvas, new Float64Array(one.rows * one.columns), one.rows, one.columns);
    legend.replaceChildren();
    readout.textContent = state.view === "adjoint"
      ? "There is no adjoint on the way forward: what a weight is worth is known only once the loss is."
      : "The loss changes no weight.";
    return;
  }
  const full = heat(canvas, numbers, one.rows, one.columns);
  mark(canvas);
  legend.replaceChildren(`−${show(full, 3)}`, h("i", { style: "background: linear-gradient(90deg, var(--minus), var(--zero), var(--plus))" }), show(full, 3));
  readout.textContent = `${VIEWS[state.view][0]} of layer ${state.layer}, from unit ${state.j + 1} to unit ${state.i + 1}: ${show(numbers[state.i * one.columns + state.j])}`;
}

/** A cross beside the chosen synapse. */
function mark(canvas) {
  const context = canvas.getContext("2d");
  context.fillStyle = color("ink");
  const { i, j } = state;
  for (const d of [2, 3, 4]) {
    context.fillRect(j - d, i, 1, 1);
    context.fillRect(j + d, i, 1, 1);
    context.fillRect(j, i - d, 1, 1);
    context.fillRect(j, i + d, 1, 1);
  }
}

/** The image of the step, and what the network makes of it. */
function drawSeen() {
  const t = Math.min(place(state.p).t, steps - 1);
  const canvas = byId("image");
  canvas.style.display = Number.isInteger(imageSide) ? "" : "none";
  if (Number.isInteger(imageSide)) {
    const context = canvas.getContext("2d");
    canvas.width = canvas.height = imageSide;
    context.putImageData(picture(t), 0, 0);
  }
  const output = [...y(layers, t)].map((p, c) => [p, c]).sort((a, b) => b[0] - a[0])
    .filter(([, c], k) => k < 5 || c === episode.labels[t]);
  const label = episode.labels[t];
  byId("answers").tBodies[0].replaceChildren(...output.map(([p, c]) => h(c === label ? "tr.target" : "tr",
    h("th", { scope: "row" }, c === label ? `${c}, the label` : `${c}`), h("td.number", show(p)),
    h("td", h("i", { style: `width:${(100 * p).toFixed(1)}%` })))));
}

function fillNumbers() {
  const { phase, t: at } = place(state.p);
  const t = Math.min(at, steps - 1);
  const back = phase === "backward";
  const names = ["layer", "‖y‖", "‖e‖", "‖ΔW‖"];
  if (back) names.push("‖z̄‖", ...terms.map((term) => `⟨Λ, ${term.name}⟩`));
  byId("numbers").tHead.replaceChildren(h("tr", names.map((name, k) => h(k ? "th.number" : "th", { scope: "col" }, name))));
  const rows = [];
  for (let l = 0; l <= layers; l++) {
    const error = e(l, t);
    const cells = [show(norm(y(l, t))), error ? show(norm(error)) : "", l ? show(episode.change[t][l - 1]) : ""];
    if (back) {
      cells.push(l ? show(norm(dz(l, t))) : "");
      terms.forEach((_, r) => cells.push(l && episode.acts[l - 1][r] ? show(episode.contributions[t][l - 1][r]) : ""));
    }
    rows.push(h("tr", h("th", { scope: "row" }, `${l}`), cells.map((cell) => h("td.number", cell))));
  }
  byId("numbers").tBodies[0].replaceChildren(...rows);
}

function describe() {
  const { phase, t } = place(state.p);
  if (phase === "loss") {
    return `The loss: ${episode.queries} query images, cross-entropy ${show(episode.cross_entropy)}, ${show(100 * episode.accuracy, 3)} % right. From here time runs backward.`;
  }
  const label = episode.labels[t];
  const seen = y(layers, t)[label];
  if (phase === "forward") {
    return `Forward, step ${t + 1} of ${steps}: an image of class ${label}, to which the network gives the probability ${show(seen)}. Its error changes every W.`;
  }
  return `Backward, step ${t + 1} of ${steps}: the update is undone. Λ is what each weight just after it was worth to the loss; with the update's terms it gives this step's part of the gradient.`;
}

function go(p) {
  state.p = Math.max(0, Math.min(LAST, p));
  const position = byId("position");
  position.value = state.p;
  const words = describe();
  position.setAttribute("aria-valuetext", words);
  byId("where").textContent = words;
  drawUnrolled();
  drawDiagram();
  drawMatrix();
  drawSeen();
  fillNumbers();
  markLife();
}

function play(on) {
  clearInterval(state.timer);
  state.timer = on ? setInterval(() => (state.p < LAST ? go(state.p + 1) : play(false)), 250) : null;
  const button = byId("play");
  button.textContent = on ? "❚❚ Pause" : "▶ Play";
  button.setAttribute("aria-pressed", String(on));
  button.setAttribute("aria-label", on ? "Pause" : "Play");
  byId("where").setAttribute("aria-live", on ? "off" : "polite");
}

function choose(i, j) {
  const one = layer(state.layer);
  state.i = Math.max(0, Math.min(one.rows - 1, i));
  state.j = Math.max(0, Math.min(one.columns - 1, j));
  drawMatrix();
  drawLife();
}

function chooseLayer(l) {
  state.layer = l;
  byId("layer").value = l;
  busiest();
}

/** Chooses the synapse of the layer that learning changed most. */
function busiest() {
  const one = layer(state.layer);
  const w = one.at(steps);
  let best = 0;
  let most = -1;
  for (let k = 0; k < w.length; k++) {
    const moved = Math.abs(w[k] - one.first[k]);
    if (moved > most) [most, best] = [moved, k];
  }
  choose(Math.floor(best / one.columns), best % one.columns);
}

function setUpSteps() {
  const position = byId("position");
  position.max = LAST;
  position.addEventListener("input", () => go(Number(position.value)));
  byId("first").addEventListener("click", () => go(0));
  byId("previous").addEventListener("click", () => go(state.p - 1));
  byId("next").addEventListener("click", () => go(state.p + 1));
  byId("last").addEventListener("click", () => go(LAST));
  byId("play").addEventListener("click", () => {
    if (state.timer === null && state.p === LAST) go(0);
    play(state.timer === null);
  });
  const select = byId("layer");
  for (let l = 1; l <= layers; l++) select.append(h("option", { value: l }, `${l} (${sizes[l]} × ${sizes[l - 1]})`));
  select.addEventListener("change", () => chooseLayer(Number(select.value)));
  for (const [name, [title, hint]] of Object.entries(VIEWS)) {
    const input = h("input", { type: "radio", name: "view", value: name, ...(name === state.view ? { checked: "" } : {}) });
    input.addEventListener("change", () => { state.view = name; drawMatrix(); });
    byId("view").append(h("label", { title: hint }, input, title));
  }
  const canvas = byId("matrix");
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    choose(
      Math.floor(((event.clientY - box.top) / box.height) * canvas.height),
      Math.floor(((event.clientX - box.left) / box.width) * canvas.width),
    );
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    choose(state.i + far * move[0], state.j + far * move[1]);
  });
}
