// Line charts and clouds of points.

/** A number as a subscript. */
const sub = (l) => [...String(l)].map((d) => "₀₁₂₃₄₅₆₇₈₉"[d]).join("");

/** Round numbers that divide [from, to] into about `count` parts. */
function ticks(from, to, count) {
  const raw = (to - from) / count;
  if (!(raw > 0)) return [from];
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw * (1 - 1e-9));
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) found.push(k * step);
  return found;
}

const tickText = (x) => (Math.abs(x) < 1e-12 ? "0" : Number(x.toPrecision(6)).toString()).replaceAll("-", "−");

/**
 * A line chart that is drawn anew with `draw(lines, {x, y})`: lines of {points, color, faint,
 * dashed, name}, and the ranges of the axes. Its description for screen readers is `say`.
 */
function chart(place, { x: xName, y: yName, title }) {
  const [width, height, left, right, top, bottom] = [380, 210, 44, 12, 10, 34];
  const svg = h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  place.append(svg);
  return {
    draw(lines, { x: [x0, x1], y: [y0, y1] }) {
      const px = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (width - left - right);
      const py = (y) => height - bottom - ((y - y0) / (y1 - y0 || 1)) * (height - top - bottom);
      const parts = [];
      for (const tick of ticks(y0, y1, 4)) {
        parts.push(h("line.axis", { x1: left, x2: width - right, y1: py(tick), y2: py(tick) }));
        parts.push(h("text.soft", { x: left - 6, y: py(tick) + 4, "text-anchor": "end" }, tickText(tick)));
      }
      for (const tick of ticks(x0, x1, 5)) {
        parts.push(h("text.soft", { x: px(tick), y: height - bottom + 15, "text-anchor": "middle" }, tickText(tick)));
      }
      parts.push(h("text.soft", { x: width - right, y: height - 3, "text-anchor": "end" }, xName));
      parts.push(h("text.soft", { x: left + 4, y: top + 9 }, yName));
      for (const { points, color, faint, dashed, name } of lines) {
        const good = points.filter(([, y]) => y !== null && Number.isFinite(y));
        if (!good.length) continue;
        const inside = good.map(([x, y]) => [px(x), Math.max(top, Math.min(height - bottom, py(y)))]);
        const path = inside.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
        parts.push(h("polyline", { points: path, fill: "none", stroke: color, "stroke-width": faint ? 1.2 : 2, "stroke-linejoin": "round", opacity: faint ?? 1, ...(dashed ? { "stroke-dasharray": "5 4" } : {}) }));
        if (!faint) {
          const [x, y] = inside.at(-1);
          parts.push(h("circle", { cx: x, cy: y, r: 3, fill: color }));
          if (name) parts.push(h("text.name", { x: Math.min(x + 6, width - right - 22), y: Math.max(top + 10, y - 6), fill: color }, name));
        }
      }
      svg.replaceChildren(...parts);
    },
    say(text) { svg.setAttribute("aria-label", `${title}: ${text}`); },
  };
}

/** Points of W against B; one path, so that hundreds of points cost nothing. */
function cloud(place, title) {
  const [size, edge] = [220, 26];
  const dots = h("path.dots");
  const line = h("line.fit");
  const labels = h("g");
  const svg = h("svg", { viewBox: `0 0 ${size + edge} ${size + edge}`, role: "img", "aria-label": title },
    h("line.axis", { x1: edge, x2: size + edge, y1: size / 2, y2: size / 2 }),
    h("line.axis", { x1: edge + size / 2, x2: edge + size / 2, y1: 0, y2: size }),
    line, dots, labels,
    h("text.soft", { x: size + edge, y: size + 16, "text-anchor": "end" }, "W"),
    h("text.soft", { x: edge - 8, y: 12, "text-anchor": "end" }, "B"));
  place.append(svg);
  return {
    draw(w, b) {
      const largest = (list) => list.reduce((m, x) => Math.max(m, Math.abs(x)), 1e-9);
      const [mw, mb] = [largest(w), largest(b)];
      const px = (x) => (edge + size / 2 + (x / mw) * 0.47 * size).toFixed(1);
      const py = (y) => (size / 2 - (y / mb) * 0.47 * size).toFixed(1);
      dots.setAttribute("d", w.map((x, i) => (b[i] === undefined ? "" : `M${px(x)} ${py(b[i])}h.01`)).join(""));
      let [wb, ww] = [0, 0];
      for (let i = 0; i < b.length; i++) [wb, ww] = [wb + w[i] * b[i], ww + w[i] * w[i]];
      const slope = ww ? wb / ww : 0;
      const ends = b.length ? [[-mw, -slope * mw], [mw, slope * mw]] : [[0, 0], [0, 0]];
      ends.forEach(([x, y], k) => { line.setAttribute(`x${k + 1}`, px(x)); line.setAttribute(`y${k + 1}`, py(y)); });
      labels.replaceChildren(
        h("text.soft", { x: size + edge, y: size / 2 - 4, "text-anchor": "end" }, show(mw, 2)),
        h("text.soft", { x: edge + size / 2 + 4, y: 12 }, b.length ? show(mb, 2) : ""));
    },
    say(text) { svg.setAttribute("aria-label", `${title}: ${text}`); },
  };
}
