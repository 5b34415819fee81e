"use strict";
// Values under the pointer, or at the place that the arrow keys have moved to.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const warp = (scale, v) => (scale.log ? Math.log(v) : v);
  const place = (scale, v) => {
    const [low, high] = scale.from.map((end) => warp(scale, end));
    return scale.to[0] + ((warp(scale, v) - low) / (high - low)) * (scale.to[1] - scale.to[0]);
  };
  const value = (scale, at) => {
    const [low, high] = scale.from.map((end) => warp(scale, end));
    const v = low + ((at - scale.to[0]) / (scale.to[1] - scale.to[0])) * (high - low);
    return scale.log ? Math.exp(v) : v;
  };
  const text = (v) => (v === null ? "diverged" : String(Number(v.toPrecision(4))).replace("-", "−"));

  const panels = JSON.parse(document.getElementById("readout").textContent);

  // Under each figure its numbers as a file, made when it is asked for.
  const rowsOf = (id) => {
    const rows = [["panel", "series", "x", "mean", "lower", "upper"]];
    for (const data of panels.filter((panel) => panel.id.replace(/-\d+$/, "") === id)) {
      const title = document.getElementById(data.id).querySelector("figcaption").textContent;
      for (const { name, x, mean, lower, upper } of data.series) {
        mean.forEach((_, i) => rows.push([title, name, x ? x[i] : i, mean[i], lower[i], upper[i]]));
      }
    }
    return rows;
  };
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  for (const section of document.querySelectorAll("section[id]:has(> .panels)")) {
    const link = document.createElement("a");
    link.textContent = link.download = `${section.id}.csv`;
    link.href = "#" + section.id;
    link.addEventListener("click", () => {
      const text = rowsOf(section.id).map((row) => row.map((cell) => quoted(String(cell ?? ""))).join(",") + "\n").join("");
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    });
    const line = document.createElement("p");
    line.className = "files";
    line.append(link);
    section.append(line);
  }

  for (const data of panels) {
    const panel = document.getElementById(data.id);
    const svg = panel.querySelector("svg");
    const tip = panel.querySelector(".tip");
    const spoken = panel.querySelector("output");
    if (!data.series.length) continue;
    const longest = data.series.reduce((a, b) => (b.mean.length > a.mean.length ? b : a));
    const xs = longest.x || longest.mean.map((_, i) => i);
    let at = null;

    const overlay = document.createElementNS(SVG, "g");
    svg.append(overlay);

    const hide = () => {
      at = null;
      tip.hidden = true;
      overlay.replaceChildren();
    };

    const show = (index, speak) => {
      at = Math.max(0, Math.min(xs.length - 1, index));
      const x = place(data.x, xs[at]);
      overlay.replaceChildren();
      const guide = document.createElementNS(SVG, "line");
      guide.setAttribute("class", "guide");
      for (const [name, v] of [["x1", x], ["x2", x], ["y1", data.y.to[0]], ["y2", data.y.to[1]]]) guide.setAttribute(name, v);
      overlay.append(guide);

      const head = document.createElement("b");
      head.textContent = `${data.label} ${text(xs[at])}`;
      const table = document.createElement("table");
      const words = [head.textContent];
      for (const series of data.series) {
        if (at >= series.mean.length) continue;
        const [mean, lower, upper] = [series.mean[at], series.lower[at], series.upper[at]];
        if (mean !== null && (!data.y.log || mean > 0)) {
          const spot = document.createElementNS(SVG, "circle");
          spot.setAttribute("class", `line ${series.colour}`);
          for (const [name, v] of [["cx", x], ["cy", place(data.y, mean)], ["r", 3.2]]) spot.setAttribute(name, v);
          overlay.append(spot);
        }
        const row = table.insertRow();
        const name = row.insertCell();
        const swatch = document.createElement("i");
        swatch.style.background = `var(--${series.colour})`;
        name.append(swatch, series.name);
        row.insertCell().textContent = text(mean);
        const interval = row.insertCell();
        interval.className = "interval";
        interval.textContent = mean === null ? "" : `[${text(lower)}, ${text(upper)}]`;
        words.push(`${series.name} ${text(mean)}`);
      }
      tip.replaceChildren(head, table);
      tip.hidden = false;
      const box = svg.getBoundingClientRect();
      const outer = panel.getBoundingClientRect();
      const pixel = (x / svg.viewBox.baseVal.width) * box.width + box.left - outer.left;
      const left = pixel + 14 + tip.offsetWidth > outer.width ? pixel - 14 - tip.offsetWidth : pixel + 14;
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${box.top - outer.top + 28}px`;
      if (speak) spoken.textContent = words.join(", ");
    };

    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const target = value(data.x, x);
      let best = 0;
      xs.forEach((v, i) => {
        if (Math.abs(v - target) < Math.abs(xs[best] - target)) best = i;
      });
      show(best, false);
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (step) show((at ?? (step > 0 ? -1 : xs.length)) + step, true);
      else if (event.key === "Home") show(0, true);
      else if (event.key === "End") show(xs.length - 1, true);
      else if (event.key === "Escape") hide();
      else return;
      event.preventDefault();
    });
  }
  document.documentElement.dataset.ready = "true";
})();
