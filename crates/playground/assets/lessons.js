// Five guided lessons. A step says something, may set up the bench, may set a goal, and may ask.

const F0 = { text: "-e ⊗ y-", value: 0.01 };
const LESSONS = [
  {
    id: "bp", title: "1. A yardstick: backpropagation",
    setup: { feedback: "symmetric", terms: [F0] },
    steps: [
      {
        say: "This network has never seen a digit. It gets 200 images of five kinds, one after the other, and learns from each once. Errors run back through the very weights that activity came through: that is what Wᵀ says below. No brain is known to do it, but it makes a good yardstick.",
        goal: ["Press Learn, and wait for the last image.", () => finished()],
      },
      {
        say: "The blue curve is the share of 50 images that it has not learned from. The dashed line is a guess among the five.",
        ask: "The angle α between “the error that came back” and “that of backpropagation” is 0° all the time. Why?",
        answers: [["Learning has gone so well.", "It is 0° before the first image, too."], ["The one is the other: the error comes back through Wᵀ, which is backpropagation.", true], ["Angles are measured in the output layer only.", "They are measured in each hidden layer."]],
      },
      {
        say: "The rule has one term, −e ⊗ y⁻: a weight falls where an active unit meets an error that is too high. Its coefficient is the learning rate.",
        goal: ["Drag the slider well below zero, and let it learn once more.", () => finished() && state.terms[0].value < -0.001],
        ask: "What does a negative coefficient do?",
        answers: [["Nothing: squares of errors have no sign.", "Watch the accuracy."], ["Each image makes the network a little more wrong about it.", true], ["It learns as well, only more slowly.", "Watch the accuracy."]],
      },
      {
        say: "Now the other way: try thirty times what you had in the beginning, 0.3. A rule can be right and its coefficient too large.",
        goal: ["Set the coefficient to about 0.3 and let it learn.", () => finished() && state.terms[0].value >= 0.2],
      },
    ],
  },
  {
    id: "fa", title: "2. Random feedback",
    setup: { feedback: "fixed", terms: [F0] },
    steps: [
      {
        say: "Now errors come back through weights B of their own, which were drawn at random and never change. The network is the same, and so is the rule.",
        goal: ["Let it learn.", () => finished()],
        ask: "Look at the angles. What does 90° mean?",
        answers: [["The error that reaches a hidden layer says nothing about how to change it.", true], ["It says the opposite of what it should.", "That would be 180°."], ["Half of the error arrives.", "An angle knows nothing of the size."]],
      },
      {
        say: "Given thousands of images, W slowly turns towards B, and random feedback works: that is <em>feedback alignment</em>. Here are 200 images.",
        goal: ["Set “Images of each” to 100 in the set-up, and let it learn.", () => finished() && state.shots >= 100],
        ask: "What happens to the angles with 500 images?",
        answers: [["They fall a little, and not far.", true], ["They go to 0°.", "Look again, at the end of the curve."], ["They stay where they were, to the degree.", "Look again: compare the first and the last image."]],
      },
      {
        say: "The picture on the right shows each weight W beside its B. If W followed B, the points would lie along a line.",
        ask: "A network with feedback alignment learns a little even where its angles are near 90°. What does that come from?",
        answers: [["From the output layer, whose error needs no feedback.", true], ["From the pixels.", "They have no weights of their own."], ["From luck.", "Try other tasks: it is so every time."]],
      },
    ],
  },
  {
    id: "ehebb", title: "3. Mending it with errors alone",
    setup: { feedback: "fixed", terms: [F0, { text: "-e ⊗ e-", value: 0 }] },
    steps: [
      {
        say: "A second term: −e ⊗ e⁻, a Hebbian product of the errors on both sides of a synapse, which it can see where it is. Its coefficient is 0, so that it does nothing yet.",
        goal: ["Let it learn once as it is, for comparison.", () => finished()],
      },
      {
        say: "Now move the slider of −e ⊗ e⁻ to the left, to about −0.05. With its two minus signs that is: W grows where the errors on both sides agree.",
        goal: ["Let it learn with about −0.05, and compare the curves.", () => finished() && state.terms[1]?.value <= -0.02],
        ask: "Why does that help? Errors e⁻ came back through B: e⁻ is about Bᵀe. So e ⊗ e⁻ is about …",
        answers: [["… the activity y ⊗ y⁻.", "There is no activity in it."], ["… e eᵀ B: it adds to W a part of B, so that W turns towards B.", true], ["… noise, which helps to explore.", "The curve goes up in the same way with every task."]],
      },
      {
        say: "Look at W against B again, layer by layer.",
        goal: ["Bring the angle α of the last hidden layer below 45°.", () => finished() && (learn.moment.scores.angles.at(-2) ?? 90) < 45],
        ask: "What happens at −1, twenty times as much?",
        answers: [["Angles fall further, and fewer digits are right: to be aligned is not all.", true], ["Angles rise again.", "Try it."], ["More and more digits are right.", "Try it."]],
      },
    ],
  },
  {
    id: "meta", title: "4. Which way would help?",
    setup: { feedback: "fixed", terms: [{ text: "-e ⊗ y-", value: 0.001 }, { text: "-e ⊗ e-", value: 0 }], eta: 0.001 },
    steps: [
      {
        say: "You found a coefficient by trying. The green arrows do it by calculation: they are the derivative of the loss <em>after all of learning</em> by each coefficient, carried back through every image. Under each slider stands what one small step would win.",
        ask: "An arrow points left. What does that say?",
        answers: [["The coefficient is too large for this task: a little less would have been better.", true], ["The term is useless.", "Then its arrow would be short."], ["The network will unlearn.", "Nothing is learned by an arrow; it only tells."]],
      },
      {
        say: "Take single steps. Each is measured on a new task with a new network, so that no step fits one task alone.",
        goal: ["Press “One step along them” five times.", () => metaLearning.episodes >= 5],
      },
      {
        say: "Now let it go on by itself: after each episode the coefficients take a step. You watch a learning rule being learned.",
        goal: ["Press “Let it meta-learn”, and wait for 60 episodes.", () => metaLearning.episodes >= 60],
        ask: "Which sign did −e ⊗ e⁻ get?",
        answers: [["Negative, as you found it by hand.", true], ["Positive.", "Look at its slider."], ["None: it stayed at zero.", "Look at its slider."]],
      },
      {
        say: "The rule was learned on some tasks. Is it good for others?",
        goal: ["Stop, press “Another task”, and let it learn.", () => finished() && state.task > 0],
      },
    ],
  },
  {
    id: "local", title: "5. A rule of your own",
    setup: { feedback: "plastic", terms: [{ text: "-e ⊗ y-", value: 0.03 }], back: [{ text: "-e ⊗ y-", value: 0.03 }] },
    steps: [
      {
        say: "What if the feedback weights learn as well? Here B changes by the very product that changes W. Kolen and Pollack (1994) saw that W and B must then meet, if both forget a little.",
        goal: ["Let it learn, and watch W against B.", () => finished()],
        ask: "Do the angles fall by themselves?",
        answers: [["Yes: what W and B gain is the same, so their difference matters less and less.", true], ["No.", "Compare the first and the last image."]],
      },
      {
        say: "A synapse has to be able to compute its rule. Beside each term stands what it needs: <em>local</em> is what the two units and the synapse itself know.",
        goal: ["Add the paper's F9, Oja's rule, and read what stands beside it.", () => state.terms.some(({ text }) => text.includes("W'y"))],
        ask: "Why is Oja's rule for a whole layer not local?",
        answers: [["It contains a product.", "Products of what both units know are local."], ["W'y is a sum over all units behind, which no single synapse sees.", true], ["It has no error in it.", "That makes it simpler, not less local."]],
      },
      {
        say: "Now write one. Change a term's text: try <code>-e ⊗ (y-)^2</code>, or <code>-tanh(e) ⊗ y-</code>, or a <code>trace(y-, 0.9)</code>, or give it a name of your own such as <code>b</code> and declare it as a constant. If it cannot be read, the page says why.",
        goal: ["Let a term that is not the paper's learn.", () => finished() && state.terms.some(({ text }) => !catalog.terms.some((known) => known.text === text))],
      },
      {
        say: "That is all there is to it: a line of text, a derivative through all of learning, and a step. “Copy a link to this” sends your rule to somebody else, and “The numbers, and how to get them from the program” takes it to the program.",
      },
    ],
  },
];

/** Whether the network has seen the last image with the present task. */
const finished = () => learn.moment && learn.moment.seen === learn.moment.of;

const lessons = (() => {
  const place = byId("lesson");
  let lesson = null;
  let at = 0;

  function show() {
    place.hidden = !lesson;
    byId("lesson-choice").value = lesson?.id ?? "";
    if (!lesson) return;
    const step = lesson.steps[at];
    const verdict = h("p", { role: "status", "aria-live": "polite" });
    const answers = (step.answers ?? []).map(([text, why]) => {
      const button = h("button", { type: "button", onclick: () => {
        const right = why === true;
        button.dataset.right = String(right);
        verdict.textContent = right ? "That is it." : `Not quite. ${why}`;
      } }, text);
      return button;
    });
    const said = h("p.say");
    said.innerHTML = step.say;
    const next = at + 1 < lesson.steps.length;
    const following = LESSONS[LESSONS.indexOf(lesson) + 1];
    place.replaceChildren(...[
      h("div.bar", h("h2", { id: "lesson-title", tabindex: -1 }, lesson.title), h("span.where", `step ${at + 1} of ${lesson.steps.length}`)),
      said,
      step.goal && h("p.goal", { id: "goal" }, `▸ ${step.goal[0]}`),
      step.ask && h("p", h("b", step.ask)),
      step.ask && h("div.answers", answers),
      step.ask && verdict,
      h("div.controls",
        at > 0 ? h("button", { type: "button", onclick: () => go(at - 1) }, "Back") : null,
        next ? h("button.primary", { type: "button", id: "lesson-next", onclick: () => go(at + 1) }, "Go on") : null,
        !next && following ? h("button.primary", { type: "button", onclick: () => begin(following.id) }, "Next lesson") : null,
        h("button", { type: "button", onclick: () => { leave(); writeAddress(); } }, "Leave the lesson")),
    ].filter(Boolean));
    look();
  }

  /** Marks a goal as soon as it is reached. */
  function look() {
    const step = lesson?.steps[at];
    const goal = byId("goal");
    if (!step?.goal || !goal || !learn.setup || goal.classList.contains("reached")) return;
    if (!step.goal[1]()) return;
    goal.classList.add("reached");
    goal.textContent = `✓ ${step.goal[0]}`;
  }

  function go(to) {
    at = to;
    state.lesson = `${lesson.id}.${at + 1}`;
    show();
    writeAddress();
    // What had the focus is gone; readers and keys go on from the new step.
    byId("lesson-title").focus();
  }

  function begin(id) {
    lesson = LESSONS.find((known) => known.id === id) ?? null;
    if (!lesson) return leave();
    state = { ...fresh(), ...structuredClone(lesson.setup), drawings: state.drawings, hide: state.hide };
    go(0);
    return setUp();
  }

  function leave() {
    lesson = null;
    state.lesson = "";
    show();
  }

  byId("lesson-choice").append(...LESSONS.map(({ id, title }) => h("option", { value: id }, title)));
  byId("lesson-choice").addEventListener("change", () => begin(byId("lesson-choice").value));
  learn.onmoment(look);
  setInterval(look, 400);
  return {
    leave,
    /** The lesson that the address names, with the rest as the address has it. */
    fromState() {
      const [id, step] = state.lesson.split(".");
      lesson = LESSONS.find((known) => known.id === id) ?? null;
      at = Math.max(0, Math.min((Number(step) || 1) - 1, (lesson?.steps.length ?? 1) - 1));
        show();
    },
  };
})();
