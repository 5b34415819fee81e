// The network as it sees an image: activity runs right, errors run left.

const network = (() => {
  /** The most outputs that all have a bar; of more, only the task's have one. */
  const FEW = 12;
  /** On a narrow screen less room is drawn, so that it is all to be seen, and can be read. */
  const narrow = matchMedia("(max-width: 760px)");
  let built = null;
  /** What is shown: an image and the classes of its task. */
  let current = null;
  let units = [];
  let image;
  let outputs = [];
  let shown = [];
  /** How long the bar of a certain answer is. */
  let reach = 120;
  let anglePlaces = [];
  let most = [];
  let side = 14;
  const canvas = document.createElement("canvas");

  function shade(levels) {
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(side, side);
    const style = getComputedStyle(document.documentElement);
    const parse = (name) => style.getPropertyValue(`--${name}`).trim().match(/[\da-f]{2}/gi).map((x) => parseInt(x, 16));
    const [from, to] = [parse("zero"), parse("ink")];
    levels.forEach((level, i) => {
      for (let c = 0; c < 3; c++) picture.data[4 * i + c] = from[c] + ((to[c] - from[c]) * level) / 255;
      picture.data[4 * i + 3] = 255;
    });
    context.putImageData(picture, 0, 0);
    return canvas.toDataURL();
  }

  const feedbackLine = (feedback, from, to) => {
    const [x0, x1] = [from, to];
    return h("path.backward", { d: `M${x0} 262 C${x0} ${282}, ${x1} ${282}, ${x1} 262`, "marker-end": "url(#back)" });
  };

  /** Outputs with their bars: all, or those of the task and one for the others together. */
  function layOut(classes) {
    const { sizes, characters } = built.described;
    const last = sizes.at(-1);
    const list = last <= FEW ? Array.from({ length: last }, (_, k) => k) : [...classes, ...(classes.length < last ? [null] : [])];
    const gap = Math.min(20, 210 / list.length);
    const first = 135 - (gap * (list.length - 1)) / 2;
    const out = narrow.matches ? 420 : 736;
    shown = list.map((k, i) => {
      const y = first + i * gap;
      const name = k === null ? "others" : characters[k] ?? k;
      return {
        k,
        label: h(`text.class${k === null ? ".others" : ""}`, { x: k === null ? out + 7 : out, y: y + 4, "text-anchor": k === null ? "end" : "middle", "font-size": Math.min(13, gap + 2) }, name),
        bar: h("rect.bar", { x: out + 14, y: y - gap * 0.35, height: gap * 0.7, width: 0, rx: 2 }),
        error: h("circle.error", { cx: out - 16, cy: y, r: Math.min(5, gap * 0.4), opacity: 0 }),
      };
    });
    reach = narrow.matches ? 80 : 120;
    outputs.replaceChildren(...shown.flatMap(({ label, bar, error }) => [label, bar, error]));
  }

  narrow.addEventListener("change", () => {
    if (!built) return;
    const before = current;
    drawn.build(built.described, built.feedback);
    if (before) drawn.show(before.moment, before.classes);
  });

  const drawn = {
    shade(levels, of) { side = of; return shade(levels); },
    /** Lays out a network with a feedback. */
    build(described, feedback) {
      built = { described, feedback };
      const { sizes, side: pixels } = described;
      side = pixels;
      const svg = byId("network");
      const width = narrow.matches ? 520 : 900;
      svg.setAttribute("viewBox", `0 0 ${width} 320`);
      const hidden = sizes.slice(1, -1);
      // Between the image and the outputs with their bars.
      const [start, out] = narrow.matches ? [140, 420] : [190, 736];
      const space = out - start - (narrow.matches ? 20 : 76);
      const xs = hidden.map((_, k) => start + ((k + 0.5) * space) / hidden.length);
      units = [];
      most = sizes.slice(1).map(() => 1e-6);
      const groups = hidden.map((n, k) => {
        const room = Math.min(150, (0.92 * space) / hidden.length);
        const rows = Math.max(1, Math.ceil(Math.sqrt((n * 190) / room)));
        const columns = Math.ceil(n / rows);
        const step = Math.min(22, 190 / rows, room / columns);
        const own = Array.from({ length: n }, (_, i) => {
          const x = xs[k] + ((i % columns) - (columns - 1) / 2) * step;
          const y = 135 + (Math.floor(i / columns) - (Math.ceil(n / columns) - 1) / 2) * step;
          const body = h("circle.unit", { cx: x.toFixed(1), cy: y.toFixed(1), r: (step * 0.43).toFixed(2) });
          const error = h("circle.error", { cx: x.toFixed(1), cy: y.toFixed(1), r: (step * 0.2).toFixed(2), opacity: 0 });
          return { body, error };
        });
        units.push(own);
        return h("g", own.flatMap(({ body, error }) => [body, error]));
      });
      [outputs, shown, current] = [h("g"), [], null];
      image = h("image", { x: 16, y: 75, width: 120, height: 120, style: "image-rendering:pixelated" });
      const stops = [76, ...xs, out];
      const arrows = [];
      stops.slice(1).forEach((x, k) => {
        const [from, to] = [stops[k] + 14, x - 14];
        arrows.push(h("path.forward", { d: `M${from} 26 H${to}`, "marker-end": "url(#ahead)" }));
        arrows.push(h("text.soft", { x: (from + to) / 2, y: 18, "text-anchor": "middle" }, `W${sub(k + 1)}`));
      });
      const name = { fixed: "B", plastic: "B, learns", symmetric: "Wᵀ", "symmetric-exact": "Wᵀ", sign: "|B| sign W", direct: "D", mixed: "B and D" }[feedback];
      stops.slice(1, -1).forEach((x, k) => {
        const from = feedback === "direct" ? out - k * 7 : stops[k + 2] - 6;
        arrows.push(feedbackLine(feedback, from, x + 6));
        arrows.push(h("text.soft", { x: (from + x) / 2, y: 292, "text-anchor": "middle" }, feedback === "direct" && k ? "" : name));
      });
      anglePlaces = stops.slice(1, -1).map((x) => h("text.angle", { x, y: 312, "text-anchor": "middle" }, ""));
      const marker = (id, kind) => h("marker", { id, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, h(`path.${kind}-tip`, { d: "M0 0L8 4L0 8z" }));
      svg.replaceChildren(
        h("title", `A network of ${sizes.join("-")} units`),
        h("defs", marker("ahead", "forward"), marker("back", "backward")),
        ...arrows, ...groups, image, h("rect.frame", { x: 16, y: 75, width: 120, height: 120 }),
        outputs,
        ...hidden.map((n, k) => h("text.soft", { x: xs[k], y: 252, "text-anchor": "middle" }, `${n} units`)),
        h("text.soft", { x: 76, y: 212, "text-anchor": "middle" }, `${pixels} × ${pixels} pixels`),
        ...anglePlaces);
    },
    /** Shows what an image did in a task of `classes`. */
    show(moment, classes) {
      const last = moment.activity.length - 1;
      if (!shown.length || String(classes) !== String(current?.classes)) layOut(classes);
      current = { moment, classes };
      image.setAttribute("href", shade(moment.image));
      units.forEach((own, l) => {
        const [y, e] = [moment.activity[l] ?? [], moment.errors[l] ?? []];
        const top = (list) => list.reduce((m, x) => Math.max(m, Math.abs(x ?? 0)), 0);
        most[l] = Math.max(most[l] * 0.98, top(y));
        const worst = top(e) || 1;
        own.forEach(({ body, error }, i) => {
          body.style.setProperty("--a", Math.max(0, Math.min(1, Math.abs(y[i] ?? 0) / (most[l] || 1))).toFixed(3));
          error.setAttribute("opacity", (Math.abs(e[i] ?? 0) / worst).toFixed(2));
          error.classList.toggle("minus", e[i] < 0);
        });
      });
      const answers = moment.activity[last] ?? [];
      const errors = moment.errors[last] ?? [];
      let rest = answers.reduce((sum, y) => sum + y, 0);
      shown.forEach(({ k, label, bar, error }) => {
        const answer = k === null ? rest : answers[k] ?? 0;
        if (k !== null) rest -= answer;
        bar.setAttribute("width", (reach * Math.max(0, Math.min(1, answer))).toFixed(1));
        const right = k !== null && k === moment.label;
        bar.classList.toggle("target", right);
        label.classList.toggle("target", right);
        label.classList.toggle("absent", k !== null && !classes.includes(k));
        error.setAttribute("opacity", k === null ? 0 : Math.min(1, Math.abs(errors[k] ?? 0)).toFixed(2));
        error.classList.toggle("minus", errors[k] < 0);
      });
      anglePlaces.forEach((place, l) => {
        const angle = moment.scores.angles[l + 1];
        place.textContent = angle === null ? "" : `α${sub(l + 1)} ${angle.toFixed(0)}°`;
      });
    },
  };
  return drawn;
})();
