// The controls of the page, and what follows from them.

const FEEDBACK = [
  ["fixed", "fixed, random", "B is drawn once: feedback alignment"],
  ["symmetric", "symmetric", "B is Wᵀ at every moment: backpropagation"],
  ["sign", "sign-symmetric", "sizes of B, signs of W"],
  ["direct", "direct", "from the output straight to each layer"],
  ["plastic", "plastic", "B starts random and learns by terms of its own"],
  ["mixed", "mixed", "B and direct, with gains to be learned"],
];
const PARTS = [["feedback", "feedback"], ["network", "network"], ["task", "task"], ["rule", "terms and texts of the rule"], ["meta", "meta-gradient and meta-learning"], ["pad", "drawing"]];

let catalog;

function showTrouble(trouble) {
  const place = byId("trouble");
  place.hidden = !trouble;
  place.textContent = trouble ? trouble.message : "";
  for (const input of document.querySelectorAll("[data-text]")) {
    const own = trouble?.at === "terms" && (trouble.line === null || trouble.line === Number(input.dataset.text));
    input.setAttribute("aria-invalid", String(own));
  }
  if (trouble) say("This cannot be set up yet: see what is said beside the rule.");
}

/** Controls show what the state says. */
function showState() {
  for (const id of ["hidden", "activation", "images", "ways", "shots", "queries", "seed"]) byId(id).value = state[id];
  byId("fine").checked = state.fine;
  byId("pace").value = state.pace;
  if (![...byId("eta").options].some((o) => Number(o.value) === state.eta)) byId("eta").append(h("option", { value: state.eta }, state.eta));
  byId("eta").value = [...byId("eta").options].find((o) => Number(o.value) === state.eta).value;
  byId("optimiser").value = state.optimiser;
  byId("constants").value = state.constants.map(({ name, value }) => `${name} = ${value}`).join(", ");
  byId("back").value = state.back.map(({ text }) => text).join("\n");
  byId("back-rule").hidden = state.feedback !== "plastic";
  const chosen = document.querySelector(`#feedback input[value="${state.feedback}"]`);
  if (chosen) chosen.checked = true;
  for (const [key] of PARTS) {
    const off = state.hide.includes(key);
    for (const part of document.querySelectorAll(`[data-control="${key}"]`)) part.classList.toggle("unwanted", off);
    byId(`hide-${key}`).checked = off;
  }
  byId("setup").classList.toggle("unwanted", ["feedback", "network", "task", "pad"].every((key) => state.hide.includes(key)));
  byId("show-all").hidden = !state.hide.length;
  pad.showKept();
}

/** How to repeat this with the program: only for the images that it has too. */
function showCommand() {
  const list = (entries) => `[${entries.map(({ text }) => JSON.stringify(text)).join(", ")}]`;
  const feedback = state.feedback === "plastic" ? "fixed" : state.feedback;
  const lines = [`# playground.toml`, `feedback = "${feedback}"`, `terms = ${list(state.terms)}`];
  if (state.feedback === "plastic") lines.push(`back = ${list(state.back)}`);
  if (state.constants.length) lines.push("", "[constants]", ...state.constants.map(({ name, value }) => `${name} = ${value}`));
  const { sizes } = learn.setup;
  if (state.images === "characters" && state.fine) {
    lines.push("", `metaplast train --rule playground.toml --data glyphs sizes=${sizes.join("-")} M=${state.ways} K=${state.shots} Q=${state.queries} seed=${state.seed} eta=${state.eta} optimiser=${state.optimiser} activation=${state.activation} theta0=${state.terms[0].value}`);
  } else {
    lines.push("", "# With 28 × 28 pixels and all 47 characters, the program has the same images,", "# and its command stands here.");
  }
  byId("command").textContent = lines.join("\n");
}

/** Sets up what the state says, and begins. */
let latestSetup = 0;
async function setUp() {
  const own = ++latestSetup;
  learn.pause();
  learn.forget();
  metaLearning.forget();
  showState();
  writeAddress();
  if (state.images === "drawings" && !state.drawings.length) {
    return showTrouble({ at: "images", line: null, message: "No digit of your own is kept yet: draw some, and keep them (below, at Draw)." });
  }
  try {
    const described = await engine.ask({ do: "set-up", setup: setupOf(state) });
    if (own !== latestSetup) return;
    showTrouble(null);
    const { slider, value, text } = document.activeElement?.dataset ?? {};
    rule.build(described.parameters, setUp);
    // The controls are new ones: the focus stays in its place.
    const same = [["slider", slider], ["value", value], ["text", text]].find(([, i]) => i !== undefined);
    if (same) document.querySelector(`[data-${same[0]}="${same[1]}"]`)?.focus();
    showState();
    byId("layer").replaceChildren(...described.sizes.slice(1).map((_, l) => h("option", { value: l }, l + 1)));
    byId("layer").value = described.sizes.length - 2;
    byId("sizes").textContent = `${described.sizes.join("-")} units, ${described.synapses.toLocaleString("en")} synapses`;
    byId("query-count").textContent = state.ways * state.queries;
    network.build(described, state.feedback);
    await learn.of(described);
    if (own !== latestSetup) return;
    showCommand();
    say(`Ready: ${state.ways * state.shots} images of ${state.ways} classes, one after the other.`);
    outlook.soon(0);
  } catch (trouble) {
    if (own === latestSetup) showTrouble(trouble.message ? trouble : { at: "request", message: String(trouble) });
  }
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

/** Sets part of the state and all that follows. */
function change(part) {
  Object.assign(state, part);
  return setUp();
}

function chooseFeedback(kind) {
  const part = { feedback: kind };
  if (kind === "plastic" && !state.back.length) {
    part.back = state.terms.filter(({ text }) => text !== "-W").map(({ text, value }) => ({ text, value })).slice(0, 1);
  }
  return change(part);
}

function connect() {
  const on = (id, event, act) => byId(id).addEventListener(event, act);
  on("play", "click", () => learn.play());
  on("one", "click", () => learn.one());
  on("again", "click", async () => { learn.pause(); await learn.begin(); say("A fresh network, the same task."); });
  on("another", "click", async () => {
    learn.pause();
    state.task += 1;
    writeAddress();
    await learn.begin();
    say("A fresh network, another task.");
    outlook.soon(0);
  });
  on("pace", "change", () => { state.pace = Number(byId("pace").value); writeAddress(); });
  on("layer", "change", () => learn.look());
  on("arrows", "change", () => outlook.soon(0));
  on("outer", "click", () => metaLearning.outer());
  on("meta", "click", () => metaLearning.toggle());
  on("eta", "change", () => change({ eta: Number(byId("eta").value) }));
  on("optimiser", "change", () => change({ optimiser: byId("optimiser").value }));
  on("hidden", "change", () => change({ hidden: byId("hidden").value.trim() || "1" }));
  on("activation", "change", () => change({ activation: byId("activation").value }));
  on("images", "change", () => change({ images: byId("images").value }));
  on("fine", "change", () => change({ fine: byId("fine").checked }));
  for (const id of ["ways", "shots", "queries", "seed"]) {
    on(id, "change", () => change({ [id]: Math.max(id === "seed" ? 0 : 1, Math.round(Number(byId(id).value) || 0)) }));
  }
  on("back", "change", () => {
    const texts = byId("back").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const known = new Map(state.back.map(({ text, value }) => [text, value]));
    change({ back: texts.map((text) => ({ text, value: known.get(text) ?? 0 })) });
  });
  on("constants", "change", () => {
    const known = byId("constants").value.split(/[,;\n]/).map((part) => part.split("=").map((x) => x.trim())).filter(([name]) => name);
    change({ constants: known.map(([name, value]) => ({ name, value: Number(value) || 0 })) });
  });
  on("rules", "change", () => {
    const chosen = catalog.rules.find(({ name }) => name === byId("rules").value);
    byId("rules").value = "";
    if (!chosen) return;
    const text = (name) => catalog.terms.find((term) => term.name === name).text;
    const value = { F0: 0.01, F2: -0.02, F9: 0.002 };
    change({ feedback: chosen.feedback, terms: chosen.terms.map((name) => ({ text: text(name), value: value[name] ?? 0 })) });
  });
  on("add", "change", () => {
    const text = byId("add").value;
    byId("add").value = "";
    if (!text) return;
    change({ terms: [...state.terms, { text, value: 0 }] }).then(() => {
      if (text === OWN) document.querySelector(`[data-text="${state.terms.length - 1}"]`)?.select();
    });
  });
  on("share", "click", async () => {
    const address = location.href.replace(/#.*/, "") + asAddress(state);
    history.replaceState(null, "", asAddress(state));
    try {
      await navigator.clipboard.writeText(address);
      byId("shared").textContent = "Copied.";
    } catch {
      byId("shared").textContent = "The address of this page now says it all: copy it.";
    }
  });
  on("reset", "click", () => { state = fresh(); lessons.leave(); setUp(); });
  on("show-all", "click", () => { state.hide = []; showState(); writeAddress(); });
  rule.onchange(() => { writeAddress(); showCommand(); outlook.soon(); });
  pad.onkept(() => { writeAddress(); if (state.images === "drawings") setUp(); });
  addEventListener("hashchange", () => { state = fromAddress(location.hash); lessons.fromState(); setUp(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { learn.redraw(); pad.redraw(); });
}

const OWN = "-e ⊗ (y-)^2";

async function start() {
  byId("feedback").append(...FEEDBACK.map(([value, name, what]) => h("label", h("input", { type: "radio", name: "feedback", value, onchange: () => chooseFeedback(value) }), h("div", `${name} `, h("span", what)))));
  byId("hide").append(...PARTS.map(([key, name]) => h("label.check", h("input", { type: "checkbox", id: `hide-${key}`, onchange: (event) => {
    state.hide = state.hide.filter((other) => other !== key).concat(event.target.checked ? [key] : []);
    showState();
    writeAddress();
  } }), name)));
  catalog = await engine.ask({ do: "catalog" });
  byId("rules").append(...catalog.rules.map(({ name, terms, feedback }) => h("option", { value: name }, `${name}: ${terms.join(", ")}, ${feedback}`)));
  byId("add").append(...catalog.terms.map(({ name, text }) => h("option", { value: text }, `${name}: ${text}`)), h("option", { value: OWN }, "one of my own"));
  byId("origin").textContent = `Made with metaplast ${catalog.version}, whose engine runs in this page; nothing leaves it, and it needs no network.`;
  connect();
  state = fromAddress(location.hash);
  lessons.fromState();
  await setUp();
}

start();
