// Elements of a page.

/** Makes an element: h("td.number", "3") or h("label", {for: "x"}, child, …). */
function h(tag, ...rest) {
  const [name, ...classes] = tag.split(".");
  const svg = ["svg", "g", "path", "line", "rect", "circle", "text", "image", "title", "marker", "defs", "polyline"];
  const element = svg.includes(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const part of rest.flat()) {
    if (part === null || part === undefined) continue;
    if (typeof part === "object" && !(part instanceof Node)) {
      for (const [key, value] of Object.entries(part)) {
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else element.setAttribute(key, value);
      }
    } else element.append(part);
  }
  return element;
}

/** MathML comes from the program, which writes it from the rule's own terms. */
function math(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content;
}

/** Four significant digits, as everywhere on a page. */
function show(x, digits = 4) {
  if (x === null || Number.isNaN(x)) return "—";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size < 1e-3 || size >= 1e5 ? x.toExponential(digits - 1) : x.toPrecision(digits);
  return text.replace("e+", "e").replaceAll("-", "−");
}

const byId = (id) => document.getElementById(id);
