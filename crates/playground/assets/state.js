// What is set up, and its place in the address.

/** A fresh state; `terms` and `back` are lists of {text, value}. */
const fresh = () => ({
  hidden: "40-20", activation: "softplus", images: "digits", fine: false,
  ways: 5, shots: 40, queries: 10, seed: 0, task: 0,
  feedback: "fixed", terms: [{ text: "-e ⊗ y-", value: 0.01 }], back: [], gains: [1, 0], constants: [],
  eta: 0.001, optimiser: "adam", pace: 1,
  lesson: "", hide: [], drawings: [],
});

let state = fresh();

/** What the address says of a plain value, under its key. */
const PLAIN = [
  ["net", "hidden"], ["act", "activation"], ["img", "images"], ["fine", "fine"],
  ["M", "ways"], ["K", "shots"], ["Q", "queries"], ["seed", "seed"], ["task", "task"],
  ["fb", "feedback"], ["eta", "eta"], ["opt", "optimiser"], ["pace", "pace"], ["lesson", "lesson"],
];

const asAddress = (of) => {
  const parts = [];
  const add = (key, value) => parts.push(`${key}=${encodeURIComponent(value).replaceAll("%20", "+").replace(/%(2C|3A|40|2F)/g, decodeURIComponent)}`);
  const usual = fresh();
  for (const [key, name] of PLAIN) if (of[name] !== usual[name]) add(key, of[name]);
  for (const { text, value } of of.terms) add("w", `${text}@${value}`);
  for (const { text, value } of of.back) add("b", `${text}@${value}`);
  for (const { name, value } of of.constants) add("c", `${name}@${value}`);
  if (of.feedback === "mixed") add("g", of.gains.join());
  if (of.hide.length) add("hide", of.hide.join());
  if (of.drawings.length) add("pen", packDrawings(of.drawings));
  return `#${parts.join("&")}`;
};

function fromAddress(hash) {
  const found = fresh();
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  for (const [key, name] of PLAIN) {
    const text = given.get(key);
    if (text === null) continue;
    if (typeof found[name] === "boolean") found[name] = text === "true";
    else if (typeof found[name] === "number") found[name] = Number.isFinite(Number(text)) ? Number(text) : found[name];
    else found[name] = text;
  }
  const pairs = (key) => given.getAll(key).map((entry) => {
    const at = entry.lastIndexOf("@");
    return at < 0 ? [entry, 0] : [entry.slice(0, at), Number(entry.slice(at + 1)) || 0];
  });
  if (given.has("w")) found.terms = pairs("w").map(([text, value]) => ({ text, value }));
  found.back = pairs("b").map(([text, value]) => ({ text, value }));
  found.constants = pairs("c").map(([name, value]) => ({ name, value }));
  if (given.has("g")) found.gains = given.get("g").split(",").map(Number).map((g) => (Number.isFinite(g) ? g : 0));
  if (found.gains.length !== 2) found.gains = [1, 0];
  found.hide = (given.get("hide") ?? "").split(",").filter(Boolean);
  if (given.has("pen")) found.drawings = unpackDrawings(given.get("pen"));
  return found;
}

/** Drawings as bytes: label, number of lines, and of each its length and points (0..255). */
function packDrawings(drawings) {
  const bytes = [];
  for (const { label, lines } of drawings) {
    bytes.push(label, lines.length);
    for (const line of lines) {
      bytes.push(line.length);
      for (const [x, y] of line) bytes.push(x, y);
    }
  }
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The same read back; of a damaged text as much as can be read. */
function unpackDrawings(text) {
  const drawings = [];
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    let at = 0;
    while (at + 1 < bytes.length) {
      const [label, count] = [bytes[at++], bytes[at++]];
      const lines = [];
      for (let k = 0; k < count; k++) {
        const points = bytes[at++];
        if (!(at + 2 * points <= bytes.length)) return drawings;
        lines.push(Array.from({ length: points }, (_, i) => [bytes[at + 2 * i], bytes[at + 2 * i + 1]]));
        at += 2 * points;
      }
      if (label < 10) drawings.push({ label, lines });
    }
  } catch { /* No base 64: as if nothing had been drawn. */ }
  return drawings;
}

/** The address says what is set up; the browser's history is left alone. */
let lastWritten = 0;
function writeAddress() {
  clearTimeout(lastWritten);
  lastWritten = setTimeout(() => history.replaceState(null, "", asAddress(state)), 150);
}

/** The request that sets up what the state says, with the program's own keys. */
function setupOf(of) {
  const hidden = of.hidden.split(/[^\d]+/).filter(Boolean).map(Number);
  return {
    images: { drawings: of.images === "drawings" ? of.drawings : [], all: of.images === "characters", fine: of.fine },
    hidden,
    terms: of.terms.map(({ text }) => text),
    back: of.feedback === "plastic" ? of.back.map(({ text }) => text) : [],
    constants: of.constants.map(({ name, value }) => [name, value]),
    activation: of.activation, beta: 10,
    feedback: of.feedback === "plastic" ? "fixed" : of.feedback,
    M: of.ways, K: of.shots, Q: of.queries, seed: of.seed, eta: of.eta, optimiser: of.optimiser,
    penalty: "none", lambda: 0,
  };
}

/** Where each meta-learned number stands in the state, in the engine's order. */
function slots(of) {
  const list = (entries, key = "value") => entries.map((entry) => ({ get: () => entry[key], set: (x) => { entry[key] = x; }, entry }));
  const gains = of.feedback === "mixed" ? of.gains.map((_, i) => ({ get: () => of.gains[i], set: (x) => { of.gains[i] = x; }, entry: null })) : [];
  return [...list(of.terms), ...(of.feedback === "plastic" ? list(of.back) : []), ...gains, ...list(of.constants)];
}

const theta = () => slots(state).map((slot) => slot.get());
function setTheta(values) {
  slots(state).forEach((slot, i) => slot.set(values[i]));
}
