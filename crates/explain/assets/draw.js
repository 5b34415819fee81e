// Colours, heat maps and charts.

function rgb(name) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d");
  context.fillStyle = color(name);
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

let palette;
function refreshPalette() {
  palette = { zero: rgb("zero"), plus: rgb("plus"), minus: rgb("minus"), ink: rgb("ink") };
}
refreshPalette();

/** Where x stands between −1 and 1, small values lifted so that they can be seen. */
const lifted = (x) => Math.sign(x) * Math.min(1, Math.abs(x)) ** 0.6;

function signed(x, out, k) {
  const s = lifted(x);
  const to = s < 0 ? palette.minus : palette.plus;
  const f = Math.abs(s);
  for (let c = 0; c < 3; c++) out[k + c] = palette.zero[c] + (to[c] - palette.zero[c]) * f;
  out[k + 3] = 255;
}

function css(x) {
  const out = [0, 0, 0, 0];
  signed(x, out, 0);
  return `rgb(${out.slice(0, 3).map(Math.round).join()})`;
}

const largest = (x) => {
  let m = 0;
  for (let i = 0; i < x.length; i++) if (Math.abs(x[i]) > m) m = Math.abs(x[i]);
  return m;
};

/** Draws numbers as a heat map, one pixel each; returns the number of full colour. */
function heat(canvas, numbers, rows, columns, full = largest(numbers)) {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < numbers.length; i++) signed(full > 0 ? numbers[i] / full : 0, image.data, i * 4);
  context.putImageData(image, 0, 0);
  return full;
}

const imageSide = Math.sqrt(sizes[0]);
/** Image t of the task as pixels, dark on light or light on dark as the page is. */
function picture(t) {
  const image = new ImageData(imageSide, imageSide);
  y(0, t).forEach((pixel, i) => {
    for (let c = 0; c < 3; c++) {
      image.data[i * 4 + c] = palette.zero[c] + (palette.ink[c] - palette.zero[c]) * pixel;
    }
    image.data[i * 4 + 3] = 255;
  });
  return image;
}

const thumbnails = new Map();
/** The same as a data address; none if images are not square. */
function thumbnail(t) {
  if (!Number.isInteger(imageSide)) return null;
  if (!thumbnails.has(t)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = imageSide;
    canvas.getContext("2d").putImageData(picture(t), 0, 0);
    thumbnails.set(t, canvas.toDataURL());
  }
  return thumbnails.get(t);
}

/** Round numbers that divide [from, to] into about `count` parts. */
function ticks(from, to, count) {
  const raw = (to - from) / count;
  if (!(raw > 0)) return [from];
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw);
  const found = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) found.push(k * step);
  return found;
}

const plain = (x) => {
  const text = Math.abs(x) < 1e-12 ? "0" : Number(x.toPrecision(6)).toString();
  return text.replaceAll("-", "−");
};

/**
 * A line chart. `lines`: {name, color, points: [[x, y], …], dots, dashed}. Options: title,
 * x, y (labels of axes), now (a position to mark), band ([x0, x1]), zero (show y = 0).
 */
function chart({ title, x: xLabel, y: yLabel, lines, now, band, zero, low, high, click }) {
  const [width, height, left, right, top, bottom] = [360, 210, 58, 10, 10, 36];
  const points = lines.flatMap((line) => line.points).filter((p) => Number.isFinite(p[1]));
  const xs = points.map((p) => p[0]);
  const ys = points.map((p) => p[1]).concat(zero ? [0] : []);
  let [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  let [y0, y1] = [low ?? Math.min(...ys), high ?? Math.max(...ys)];
  if (x0 === x1) x1 = x0 + 1;
  if (y0 === y1) [y0, y1] = [y0 - 0.5 * Math.abs(y0) - 1e-9, y1 + 0.5 * Math.abs(y1) + 1e-9];
  const pad = (y1 - y0) * 0.05;
  [y0, y1] = [low ?? y0 - pad, high ?? y1 + pad];
  const px = (x) => left + ((x - x0) / (x1 - x0)) * (width - left - right);
  const py = (v) => height - bottom - ((v - y0) / (y1 - y0)) * (height - top - bottom);
  const svg = h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: ${yLabel} against ${xLabel}` });
  if (band) {
    svg.append(h("rect", { x: px(band[0]), y: top, width: px(band[1]) - px(band[0]), height: height - top - bottom, fill: "var(--t2)", opacity: 0.13 }));
  }
  for (const tick of ticks(y0, y1, 4)) {
    svg.append(h("line.axis", { x1: left, x2: width - right, y1: py(tick), y2: py(tick) }));
    svg.append(h("text.soft", { x: left - 6, y: py(tick) + 4, "text-anchor": "end" }, plain(tick)));
  }
  for (const tick of ticks(x0, x1, 4)) {
    svg.append(h("text.soft", { x: px(tick), y: height - bottom + 15, "text-anchor": "middle" }, plain(tick)));
  }
  svg.append(h("text.soft", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, xLabel));
  for (const line of lines) {
    const good = line.points.filter((p) => Number.isFinite(p[1]));
    if (line.dots) {
      for (const [x, v] of good) svg.append(h("circle", { cx: px(x), cy: py(v), r: 3, fill: line.color }));
    } else if (good.length) {
      const inside = good.filter(([, v]) => v >= y0 && v <= y1);
      const path = inside.map(([x, v]) => `${px(x).toFixed(1)},${py(v).toFixed(1)}`).join(" ");
      svg.append(h("polyline", { points: path, fill: "none", stroke: line.color, "stroke-width": line.width ?? 1.7, "stroke-linejoin": "round", ...(line.dashed ? { "stroke-dasharray": "6 4" } : {}) }));
    }
  }
  const mark = h("line.now", { x1: 0, x2: 0, y1: top, y2: height - bottom });
  const setNow = (x) => {
    mark.style.display = x === undefined ? "none" : "";
    if (x !== undefined) for (const end of ["x1", "x2"]) mark.setAttribute(end, px(x));
  };
  setNow(now);
  svg.append(mark);
  const toX = (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    return x0 + ((x - left) / (width - left - right)) * (x1 - x0);
  };
  if (click) svg.addEventListener("click", (event) => click(toX(event)));
  const figure = h("figure.chart", h("figcaption", title), svg);
  figure.setNow = setNow;
  return figure;
}

function key(entries) {
  return h("ul.key", entries.map(([name, fill]) => h("li", h("i", { style: `background:${fill}` }), name)));
}
