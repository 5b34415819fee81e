// A network that learns, and what is seen of it.

const percent = (x) => (x === null || x === undefined ? "—" : `${(100 * x).toFixed(0)} %`);
const ANGLE_COLORS = ["var(--a1)", "var(--a2)", "var(--a3)", "var(--a4)"];
const say = (text) => { byId("status").textContent = text; };

const learn = (() => {
  const curve = chart(byId("curve"), { x: "images seen", y: "", title: "Share of new images classified right" });
  const angles = chart(byId("angles"), { x: "images seen", y: "", title: "Angles of errors" });
  const pairs = cloud(byId("pairs"), "Forward weights against feedback weights");
  let setup;
  let session = null;
  let before = [];
  let task = "";
  let playing = false;
  let watch = () => {};

  const charName = (label) => setup.characters[label] ?? String(label);

  function draw() {
    const { seen, moment } = session;
    const of = moment.of;
    const guess = 100 / session.classes.length;
    curve.draw([
      ...before.map((points) => ({ points, color: "var(--forward)", faint: 0.3 })),
      { points: [[0, guess], [of, guess]], color: "var(--soft)", dashed: true, faint: 0.8 },
      { points: seen.map((m) => [m.seen, 100 * m.accuracy]), color: "var(--forward)" },
    ], { x: [0, of], y: [0, 100] });
    const layers = setup.sizes.length - 1;
    const lines = [];
    for (let l = 1; l < layers; l++) {
      lines.push({ points: seen.map((m) => [m.seen, m.angles[l]]), color: ANGLE_COLORS[(l - 1) % 4], name: `α${sub(l)}` });
    }
    const most = Math.max(95, ...lines.flatMap(({ points }) => points.map(([, y]) => y ?? 0)));
    angles.draw([{ points: [[0, 90], [of, 90]], color: "var(--soft)", dashed: true, faint: 0.8 }, ...lines], { x: [0, of], y: [0, most > 95 ? 180 : 95] });
    network.show(moment, session.classes);
    pairs.draw(moment.pairs.w, moment.pairs.b);
    const layer = Number(byId("layer").value);
    const angle = moment.pairs.angles[layer];
    byId("weights-angle").textContent = angle === null ? "errors go past it: there is no B of this shape" : `${angle.toFixed(0)}° apart`;
    byId("accuracy").textContent = percent(moment.scores.accuracy);
    byId("loss").textContent = show(moment.scores.cross_entropy, 3);
    byId("seen").textContent = `${moment.seen} of ${of}`;
    const answers = moment.activity.at(-1);
    const guessed = answers?.length ? answers.indexOf(Math.max(...answers)) : null;
    byId("guess").textContent = guessed === null || moment.seen === 0 ? "—" : `${charName(guessed)}${guessed === moment.label ? " ✓" : ` ✗ ${charName(moment.label)}`}`;
    numbers(moment);
  }

  /** All of it as a table, at full precision. */
  function numbers({ seen, scores }) {
    const rows = [["images seen", "seen", seen], ["accuracy", "accuracy", scores.accuracy], ["cross-entropy", "cross_entropy", scores.cross_entropy]];
    scores.angles.forEach((angle, l) => rows.push([`α${sub(l)}, degrees`, `angle-${l}`, angle]));
    scores.orthonormality.forEach((e, l) => rows.push([`E${sub(l + 1)}, how far W${sub(l + 1)} is from orthonormal`, `orthonormality-${l}`, e]));
    byId("numbers").querySelector("tbody").replaceChildren(...rows.map(([name, key, value]) => h("tr", h("th", { scope: "row" }, name), h("td", { "data-number": key, "data-exact": value }, key === "seen" ? value : show(value, 7)))));
  }

  /** One answer of the engine, unless something else was begun meanwhile. */
  async function more(images) {
    const own = session;
    const layer = Number(byId("layer").value) || 0;
    let moment;
    try {
      moment = await engine.ask({ do: "learn", theta: theta(), images, layer });
    } catch (trouble) {
      if (own !== session) return null;
      session = null;
      say(trouble.message);
    }
    if (own !== session || !moment) return null;
    session.moment = moment;
    if (images || !session.seen.length) {
      session.seen.push({ seen: moment.seen, accuracy: moment.scores.accuracy, angles: moment.scores.angles });
    }
    draw();
    watch(moment);
    return moment;
  }

  function ended(moment) {
    const { accuracy, cross_entropy, angles: at } = moment.scores;
    const told = at.slice(1, -1).map((a, l) => `α${sub(l + 1)} ${a === null ? "—" : `${a.toFixed(0)}°`}`).join(", ");
    if (cross_entropy === null) return say("Learning diverged: the weights have grown beyond all bounds. Try smaller coefficients.");
    say(`After ${moment.seen} images: ${percent(accuracy)} of new ones right; ${told}.`);
    curve.say(`${percent(accuracy)} after ${moment.seen} images`);
    angles.say(told);
    pairs.say(byId("weights-angle").textContent);
  }

  function press(on) {
    playing = on;
    byId("play").textContent = on ? "❚❚ Pause" : "▶ Learn";
    byId("play").setAttribute("aria-pressed", String(on));
  }

  async function run() {
    let last = 0;
    while (playing && session) {
      await new Promise((next) => (document.hidden ? setTimeout(next, 100) : requestAnimationFrame(next)));
      // Thirty frames a second are enough, and leave the engine time for the rest.
      if (performance.now() - last < 30 || !playing || !session?.seen) continue;
      last = performance.now();
      const own = session;
      const moment = await more(state.pace);
      if (!moment) continue;
      if (moment.seen === moment.of) {
        ended(moment);
        if (!byId("loop").checked) break;
        await new Promise((next) => setTimeout(next, 700));
        if (own === session && playing) await begin();
      }
    }
    press(false);
  }

  /** The curve so far stays in the background. */
  function stash() {
    if (session?.seen?.length > 2) before = [...before, session.seen.map((m) => [m.seen, 100 * m.accuracy])].slice(-4);
  }

  /** A fresh network on the task of the state. */
  async function begin() {
    stash();
    const own = {};
    session = own;
    let classes;
    try {
      ({ classes } = await engine.ask({ do: "begin", task: state.task }));
    } catch (trouble) {
      if (session === own) { session = null; say(trouble.message); }
    }
    if (session !== own || !classes) return;
    session = { classes, seen: [], moment: null };
    await more(0);
  }

  return {
    get setup() { return setup; },
    get moment() { return session?.moment; },
    get playing() { return playing; },
    onmoment(act) { watch = act; },
    charName,
    /** Another set-up: of tasks of another kind, curves of before say nothing. */
    async of(described) {
      setup = described;
      const { images, fine, ways, shots, queries, seed, drawings } = state;
      const now = JSON.stringify([images, fine, ways, shots, queries, seed, images === "drawings" && drawings]);
      if (now !== task) before = [];
      task = now;
      await begin();
    },
    begin,
    async play() {
      if (playing) return press(false);
      if (!session?.moment) return;
      if (session.moment.seen === session.moment.of) await begin();
      press(true);
      say(`Learning ${session.classes.map(charName).join(", ")} …`);
      await run();
    },
    pause() { press(false); },
    async one() {
      press(false);
      if (!session?.moment) return;
      if (session.moment.seen === session.moment.of) await begin();
      const moment = await more(1);
      if (!moment) return;
      if (moment.seen === moment.of) return ended(moment);
      const answers = moment.activity.at(-1);
      const guess = answers.indexOf(Math.max(...answers));
      say(`Image ${moment.seen}: ${charName(moment.label)}, taken for ${charName(guess)} at ${percent(answers[guess])}. Now ${percent(moment.scores.accuracy)} of new images right.`);
    },
    /** The same moment seen anew: another layer, other colours. */
    async look() { if (session?.moment) await more(0); },
    redraw() { if (session?.moment) draw(); },
    forget() { stash(); session = null; },
  };
})();

/** What a whole episode comes to with the coefficients as they are, and its derivatives. */
const outlook = (() => {
  let timer;
  let latest = null;
  async function ask() {
    const own = {};
    latest = own;
    const values = theta();
    let found;
    try {
      found = await engine.ask({ do: "episode", theta: values });
    } catch { return; }
    if (latest !== own) return;
    const readout = byId("episode");
    readout.textContent = found.cross_entropy === null
      ? "With these, learning diverges."
      : `With these, all ${state.ways * state.shots} images lead to ${percent(found.accuracy)} right, loss ${show(found.loss, 4)}.`;
    readout.dataset.exact = JSON.stringify({ theta: values, ...found });
    readout.dataset.took = engine.took;
    rule.point(byId("arrows").checked && !state.hide.includes("meta") ? found.gradient : null, state.eta);
  }
  return {
    soon(wait = 150) {
      clearTimeout(timer);
      timer = setTimeout(ask, wait);
    },
    now: ask,
  };
})();

/** Meta-learning: episode after episode, on new tasks with new networks. */
const metaLearning = (() => {
  let going = false;
  let episodes = [];
  /** What a step belongs to; another once something else was set up. */
  let course = {};
  const figure = byId("progress");
  const progress = chart(figure, { x: "episode", y: "", title: "Share of new images right after each episode" });

  function draw() {
    figure.hidden = episodes.length < 2;
    const points = episodes.map((r, k) => [k + 1, 100 * r.accuracy]);
    const mean = points.map(([x], k) => {
      const near = points.slice(Math.max(0, k - 9), k + 1).map(([, y]) => y).filter(Number.isFinite);
      return [x, near.reduce((s, y) => s + y, 0) / near.length];
    });
    progress.draw([{ points, color: "var(--forward)", faint: 0.35 }, { points: mean, color: "var(--forward)", name: "mean of 10" }],
      { x: [1, Math.max(10, episodes.length)], y: [0, 100] });
  }

  async function step() {
    const own = course;
    let found;
    try {
      found = await engine.ask({ do: "step", theta: theta() });
    } catch (trouble) {
      if (own === course) say(trouble.message);
      press(false);
    }
    if (own !== course || !found) return null;
    setTheta(found.theta);
    rule.refresh();
    writeAddress();
    episodes.push(found);
    draw();
    return found;
  }

  function press(on) {
    going = on;
    byId("meta").textContent = on ? "❚❚ Stop" : "Let it meta-learn";
    byId("meta").setAttribute("aria-pressed", String(on));
  }

  return {
    forget() { episodes = []; course = {}; press(false); draw(); },
    get episodes() { return episodes.length; },
    async outer() {
      press(false);
      const found = await step();
      if (!found) return;
      say(`A step along the meta-gradient of a new task (episode ${found.episode + 1}).`);
      outlook.soon(0);
    },
    async toggle() {
      if (going) {
        press(false);
        say(`Stopped after ${episodes.length} episodes of meta-learning.`);
        return outlook.soon(0);
      }
      press(true);
      say("Meta-learning: each episode is a new network and a new task, and the coefficients take a step after it.");
      rule.point(null);
      let shown = 0;
      while (going) {
        if (!(await step())) return;
        byId("episode").textContent = `Episode ${episodes.length}.`;
        if (performance.now() - shown > 1000) {
          shown = performance.now();
          await outlook.now();
        }
        await new Promise((next) => setTimeout(next, 0));
      }
    },
    stop() { press(false); },
  };
})();
