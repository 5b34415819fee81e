// The rule: a slider for each coefficient, an arrow for each derivative.

/** From a slider's place (−100..100) to a coefficient: about linear up to 1e-5, then by powers of ten up to 1. */
const REACH = 5;
const SMALL = 1e-5;
const toValue = (place) => Number((Math.sign(place) * SMALL * (10 ** (REACH * Math.abs(place) / 100) - 1)).toPrecision(3));
const toPlace = (value) => Math.sign(value) * Math.min(100, (100 / REACH) * Math.log10(1 + Math.abs(value) / SMALL));
/** Gains and constants are of the size of 1. */
const SCALES = {
  theta: { toValue, toPlace }, phi: { toValue, toPlace },
  gain: { toValue: (p) => p / 50, toPlace: (x) => Math.max(-100, Math.min(100, x * 50)) },
  constant: { toValue: (p) => p / 50, toPlace: (x) => Math.max(-100, Math.min(100, x * 50)) },
};

const rule = (() => {
  let rows = [];
  let changed = () => {};

  function slider(parameter, i, slot) {
    const scale = SCALES[parameter.kind];
    const title = { theta: "coefficient", phi: "coefficient", gain: "gain", constant: "constant" }[parameter.kind];
    const label = `${title} of ${parameter.text ?? parameter.name}`;
    const range = h("input", { type: "range", min: -100, max: 100, step: 0.5, "aria-label": label, "data-slider": i });
    const number = h("input", { type: "number", step: "any", "aria-label": `${label}, as a number`, "data-value": i });
    const path = h("path");
    const arrow = h("svg.arrow", { "aria-hidden": "true" }, path);
    const advice = h("p.advice", { id: `advice-${i}` });
    range.setAttribute("aria-describedby", advice.id);
    const put = (value) => {
      range.value = scale.toPlace(value);
      range.setAttribute("aria-valuetext", show(value, 3));
      number.value = Number(value.toPrecision(6));
    };
    range.addEventListener("input", () => {
      const value = scale.toValue(Number(range.value));
      slot.set(value);
      put(value);
      changed(i);
    });
    number.addEventListener("change", () => {
      const value = number.value.trim() === "" ? NaN : Number(number.value);
      if (Number.isFinite(value)) slot.set(value);
      put(slot.get());
      changed(i);
    });
    put(slot.get());
    rows.push({ put, path, arrow, advice, range, slot });
    return h("div", h("div.slide", h("div.track", h("span.zero", { "aria-hidden": "true" }), arrow, range), number), advice);
  }

  return {
    onchange(act) { changed = act; },
    /** Lays out what is meta-learned; `edited` is called with a changed list of terms. */
    build(parameters, edited) {
      rows = [];
      const all = slots(state);
      const terms = parameters.filter(({ kind }) => kind === "theta").length;
      const item = (parameter, i) => {
        const { entry } = all[i];
        const list = parameter.kind === "theta" ? state.terms : parameter.kind === "phi" ? state.back : null;
        const text = list && h("input.text", { type: "text", value: entry.text, spellcheck: "false", autocomplete: "off", "data-control": "rule", "aria-label": `Term ${i + 1} as text`, "data-text": i });
        text?.addEventListener("change", () => { entry.text = text.value; edited(); });
        const remove = list && list.length > 1 && h("button.remove", { type: "button", "data-control": "rule", "aria-label": `Remove ${entry.text}`, onclick: () => { list.splice(list.indexOf(entry), 1); edited(); } }, "×");
        return h(parameter.kind === "theta" ? "li.term" : "div.term",
          h("div.head", parameter.mathml ? math(parameter.mathml) : h("b", { gain: parameter.name === "0" ? "gain of B" : "gain of D", constant: parameter.name }[parameter.kind]),
            h("span.needs", `${parameter.kind === "phi" ? "of B · " : ""}${parameter.equation ? `${parameter.name} · ` : ""}${parameter.needs ?? ""}`), remove || null),
          slider(parameter, i, all[i]), text || null);
      };
      byId("terms").replaceChildren(...parameters.slice(0, terms).map((p, i) => item(p, i)));
      byId("others").replaceChildren(...parameters.slice(terms).map((p, k) => item(p, terms + k)));
    },
    /** Shows coefficients that were set elsewhere. */
    refresh() { rows.forEach(({ put, slot }) => put(slot.get())); },
    /** Arrows for a gradient, or none. What a step of `eta` would change is told. */
    point(gradient, eta) {
      const gain = (g) => Math.abs(g ?? NaN) * eta;
      const most = gradient ? Math.max(...gradient.map((g) => (Number.isFinite(gain(g)) ? gain(g) : 0))) : 0;
      rows.forEach(({ path, arrow, advice, range }, i) => {
        const g = gradient?.[i];
        if (!gradient || g === null || g === undefined || most === 0) {
          path.setAttribute("d", "");
          advice.textContent = gradient ? "no derivative: learning diverges here" : "";
          return;
        }
        const ahead = g < 0 ? 1 : -1;
        const width = arrow.getBoundingClientRect().width || 220;
        // The thumb is 16 pixels wide and stays inside of its track.
        const from = 8 + ((Number(range.value) + 100) / 200) * (width - 16);
        const length = 10 + 0.36 * width * Math.sqrt(gain(g) / most);
        const to = Math.max(-4, Math.min(width + 4, from + ahead * length));
        path.setAttribute("d", gain(g) < 1e-9 ? "" : `M${from.toFixed(1)} 8H${to.toFixed(1)}m${-5 * ahead}-4.5l${5 * ahead} 4.5l${-5 * ahead} 4.5`);
        advice.textContent = gain(g) < 1e-9 ? "a change would hardly matter" : `${ahead > 0 ? "more" : "less"}: a step of ${ahead > 0 ? "+" : "−"}${eta} lowers the loss by ${show(gain(g), 2)}`;
      });
    },
  };
})();
