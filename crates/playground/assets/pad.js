// A pad to draw on: to ask the network, and to make images of one's own.

const pad = (() => {
  const canvas = byId("pad");
  const context = canvas.getContext("2d");
  const size = canvas.width;
  let lines = [];
  let drawing = false;
  let pen = { x: 128, y: 64, down: false, shown: false };
  let kept = () => {};

  /** 0..255 along the pad. */
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const at = (v, from, length) => Math.max(0, Math.min(255, Math.round(((v - from) / length) * 255)));
    return [at(event.clientX, box.left, box.width), at(event.clientY, box.top, box.height)];
  };

  function draw() {
    const style = getComputedStyle(document.documentElement);
    context.clearRect(0, 0, size, size);
    context.lineWidth = size / 13;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = style.getPropertyValue("--ink");
    const scale = size / 255;
    for (const line of lines) {
      context.beginPath();
      line.forEach(([x, y], k) => (k ? context.lineTo(x * scale, y * scale) : context.moveTo(x * scale, y * scale)));
      if (line.length === 1) context.lineTo(line[0][0] * scale + 0.1, line[0][1] * scale);
      context.stroke();
    }
    if (pen.shown) {
      context.lineWidth = 2;
      context.strokeStyle = style.getPropertyValue(pen.down ? "--plus" : "--accent");
      context.beginPath();
      context.arc(pen.x * scale, pen.y * scale, 9, 0, 7);
      context.stroke();
    }
  }

  /** Points closer than a few pixels say nothing new; a line has at most 255. */
  function extend(to) {
    const line = lines.at(-1);
    const from = line.at(-1);
    if (line.length < 255 && (!from || Math.hypot(from[0] - to[0], from[1] - to[1]) >= 6)) line.push(to);
  }

  const visible = () => lines.flat().some(([x, y]) => x !== lines[0][0][0] || y !== lines[0][0][1]);

  async function ask() {
    if (!lines.length || !visible()) return;
    try {
      const { answers } = await engine.ask({ do: "ask", lines: lines.filter((line) => line.length) });
      const best = answers.map((p, k) => [p, k]).sort((a, b) => b[0] - a[0]).slice(0, 3);
      byId("pad-says").textContent = `The network takes it for ${best.map(([p, k]) => `${learn.charName(k)} (${percent(p)})`).join(", ")}.`;
    } catch (trouble) {
      byId("pad-says").textContent = trouble.message;
    }
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    pen.shown = false;
    lines.push([point(event)]);
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) extend(point(part));
    draw();
  });
  const lift = () => { if (drawing) { drawing = false; ask(); } };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("blur", () => { pen.shown = pen.down = false; draw(); });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[event.key];
    if (event.key === " ") {
      pen.down = !pen.down;
      if (pen.down) lines.push([[pen.x, pen.y]]);
      else ask();
      byId("pad-says").textContent = pen.down ? "The pen is down." : byId("pad-says").textContent;
    } else if (step) {
      pen.x = Math.max(0, Math.min(255, pen.x + step[0]));
      pen.y = Math.max(0, Math.min(255, pen.y + step[1]));
      if (pen.down) extend([pen.x, pen.y]);
    } else return;
    event.preventDefault();
    pen.shown = true;
    draw();
  });

  function clear() {
    lines = [];
    pen.down = false;
    draw();
  }

  function showKept() {
    const count = state.drawings.length;
    const labels = new Set(state.drawings.map(({ label }) => label)).size;
    byId("pad-count").textContent = count
      ? `${count} kept, of ${labels} different digits. Each is drawn anew with other slants, sizes and pens, until there are enough; with two digits or more they can be the task (choose “my own drawings”).`
      : "Keep some digits of two kinds or more, and they can be the task: each is drawn anew with other slants, sizes and pens, until there are hundreds.";
    byId("pad-kept").replaceChildren(...state.drawings.map((drawn, k) => h("li", h("button", { type: "button", title: "Remove", "aria-label": `Remove the ${drawn.label} kept as number ${k + 1}`, onclick: () => { state.drawings.splice(k, 1); showKept(); kept(); } },
      h("svg", { viewBox: "-20 -20 295 295", "aria-hidden": "true" }, h("path", { d: drawn.lines.map((line) => `M${line.map((p) => p.join(" ")).join("L")}`).join("") }))))));
  }

  byId("pad-label").append(...Array.from({ length: 10 }, (_, d) => h("option", { value: d }, d)));
  byId("pad-clear").addEventListener("click", () => { clear(); byId("pad-says").textContent = "Draw a digit: the network says what it takes it for."; });
  byId("pad-keep").addEventListener("click", () => {
    if (!lines.length || !visible()) {
      byId("pad-says").textContent = "There is nothing to keep yet: draw a digit first.";
      return;
    }
    state.drawings.push({ label: Number(byId("pad-label").value), lines });
    clear();
    showKept();
    kept();
  });
  draw();
  return { onkept(act) { kept = act; }, showKept, redraw: draw };
})();
