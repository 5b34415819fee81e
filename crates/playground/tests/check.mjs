// Opens the playground in a browser, plays, and compares its numbers with the program's:
// node check.mjs PAGE.html EXPECTED.json PICTURES PART…, of numbers, speed, controls, lessons, looks

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { pathToFileURL } from "node:url";
import { launch } from "../../explain/tests/browser/open.js";
import { measure, median, tell } from "./speed.mjs";

const [pagePath, expectedPath, pictures, ...parts] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
const { browser, open } = await launch(pathToFileURL(pagePath).href);
const troubles = [];

const near = (found, want, what) => {
  if (want === null) return assert.equal(found, null, what);
  assert.ok(Math.abs(found - want) <= 1e-6 * Math.max(1, Math.abs(want)), `${what}: the page has ${found}, the program ${want}`);
};

const outlook = async (page) => {
  await page.waitForFunction(() => document.getElementById("episode").dataset.exact);
  return JSON.parse(await page.locator("#episode").getAttribute("data-exact"));
};

/** Learns to the last image. */
async function learn(page, pace = "10") {
  await page.locator("#pace").selectOption(pace);
  await page.locator("#play").click();
  await page.waitForFunction(() => /^(After \d+ images|Learning diverged)/.test(document.getElementById("status").textContent));
}

async function numbers({ hash, episode, end, step }) {
  const page = await open(troubles, { hash });
  const found = await outlook(page);
  for (const key of ["loss", "cross_entropy", "accuracy"]) near(found[key], episode[key], `${hash}, ${key}`);
  for (const key of ["gradient", "angles", "orthonormality"]) episode[key].forEach((x, i) => near(found[key][i], x, `${hash}, ${key} ${i}`));
  await learn(page);
  await page.locator("#numbers summary").click();
  const exact = async (key) => JSON.parse(await page.locator(`[data-number="${key}"]`).getAttribute("data-exact"));
  near(await exact("seen"), end.seen, `${hash}, images`);
  near(await exact("accuracy"), end.scores.accuracy, `${hash}, accuracy at the end`);
  near(await exact("cross_entropy"), end.scores.cross_entropy, `${hash}, cross-entropy at the end`);
  for (const [l, angle] of end.scores.angles.entries()) near(await exact(`angle-${l}`), angle, `${hash}, angle ${l}`);
  await page.locator("#outer").click();
  await page.waitForFunction(() => document.getElementById("status").textContent.startsWith("A step along"));
  for (const [i, want] of step.entries()) near(Number(await page.locator(`input[data-value="${i}"]`).inputValue()), Number(want.toPrecision(6)), `${hash}, coefficient ${i} after a step`);
  await page.context().close();
}

async function speed() {
  const found = await measure(open, troubles);
  console.log(tell(found));
  // On a machine that is busy with something else a clock says nothing.
  const took = median(found.episodes);
  if (loadavg()[0] < cpus().length) assert.ok(took <= 50, `an episode takes ${took} ms`);
  else console.log("skipped: the machine is too busy to hold the time against its limit");
}

async function controls() {
  const page = await open(troubles);
  await outlook(page);
  // A term that cannot be read is told, and nothing breaks.
  await page.locator('[data-text="0"]').fill("-e ⊗ y");
  await page.locator('[data-text="0"]').press("Enter");
  await page.locator("#trouble").filter({ hasText: "column 6" }).waitFor();
  assert.equal(await page.locator('[data-text="0"]').getAttribute("aria-invalid"), "true");
  await page.locator('[data-text="0"]').fill("-e (x) (y-)^2");
  await page.locator('[data-text="0"]').press("Enter");
  await page.locator("#trouble").waitFor({ state: "hidden" });
  await page.locator("#add").selectOption({ index: 3 });
  await page.locator('[data-text="1"]').waitFor();
  assert.equal(await page.locator('[data-text="1"]').inputValue(), "-e ⊗ e-");
  // The slider by keyboard; the address follows, and opens the same again.
  const slider = page.locator('[data-slider="1"]');
  await slider.focus();
  for (let k = 0; k < 3; k++) await page.keyboard.press("ArrowLeft");
  const value = await page.locator('[data-value="1"]').inputValue();
  assert.ok(Number(value) < 0, value);
  await page.locator("#feedback input[value=sign]").check();
  await page.waitForFunction(() => location.hash.includes("fb=sign"));
  const hash = await page.evaluate(() => location.hash);
  const again = await open(troubles, { hash });
  assert.equal(await again.locator('[data-value="1"]').inputValue(), value);
  assert.equal(await again.locator('[data-text="0"]').inputValue(), "-e (x) (y-)^2");
  assert.ok(await again.locator("#feedback input[value=sign]").isChecked());
  await again.context().close();
  // A digit drawn with the keyboard, asked and kept.
  const pad = page.locator("#pad");
  await pad.focus();
  await page.keyboard.press(" ");
  for (let k = 0; k < 9; k++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press(" ");
  await page.locator("#pad-says").filter({ hasText: "The network takes it for" }).waitFor();
  for (const label of ["1", "7"]) {
    const box = await pad.boundingBox();
    await page.mouse.move(box.x + 40, box.y + 30);
    await page.mouse.down();
    if (label === "7") await page.mouse.move(box.x + 130, box.y + 32, { steps: 6 });
    await page.mouse.move(box.x + 70, box.y + 140, { steps: 8 });
    await page.mouse.up();
    await page.locator("#pad-label").selectOption(label);
    await page.locator("#pad-keep").click();
  }
  assert.equal(await page.locator("#pad-kept button").count(), 2);
  await page.locator("#ways").fill("2");
  await page.locator("#ways").press("Enter");
  await page.locator("#images").selectOption("drawings");
  await page.locator("#status").filter({ hasText: "of 2 classes" }).waitFor();
  await page.waitForFunction(() => location.hash.includes("pen="));
  // What a teacher hides is not there, and can be had back.
  await page.locator("#teacher summary").click();
  for (const part of ["network", "task", "rule"]) await page.locator(`#hide-${part}`).check();
  assert.ok(!(await page.locator("#hidden").isVisible()) && !(await page.locator('[data-text="0"]').isVisible()));
  assert.ok(await page.locator('[data-slider="0"]').isVisible());
  await page.locator("#show-all").click();
  assert.ok(await page.locator("#hidden").isVisible());
  const nameless = await page.evaluate(() => [...document.querySelectorAll("a, button, input, select, textarea, canvas[tabindex], svg[role]")]
    .filter((element) => !(element.textContent.trim() || element.labels?.length || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby")))
    .map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
  await page.context().close();
}

/** Follows every lesson from its first to its last step, and reaches every goal. */
async function lessons() {
  const page = await open(troubles);
  await outlook(page);
  const reached = () => page.waitForFunction(() => document.getElementById("goal").classList.contains("reached"));
  const put = async (i, value) => {
    await page.locator(`input[data-value="${i}"]`).fill(String(value));
    await page.locator(`input[data-value="${i}"]`).press("Enter");
  };
  const fresh = async () => { await page.locator("#again").click(); await page.locator("#status").filter({ hasText: "A fresh network" }).waitFor(); };
  const again = async () => { await fresh(); await learn(page); await reached(); };
  const set = async (id, value) => { await page.locator(`#${id}`).fill(String(value)); await page.locator(`#${id}`).press("Enter"); await page.locator("#status").filter({ hasText: "Ready" }).waitFor(); };
  const next = async () => {
    const right = page.locator("#lesson .answers button");
    for (let k = 0; k < await right.count(); k++) await right.nth(k).click();
    if (await right.count()) assert.equal(await page.locator('#lesson .answers button[data-right="true"]').count(), 1);
    await page.locator("#lesson-next").click();
  };
  const accuracy = async () => parseFloat(await page.locator("#accuracy").textContent());
  const choose = async (id) => { await page.locator("#lesson-choice").selectOption(id); await page.locator("#status").filter({ hasText: "Ready" }).waitFor(); };

  await choose("bp");
  await learn(page); await reached();
  const yardstick = await accuracy();
  await next();
  await next();
  await put(0, -0.01); await again();
  assert.ok(await accuracy() < 25, "a negative rate unlearns");
  await next();
  await put(0, 0.3); await again();

  await choose("fa");
  await learn(page); await reached();
  const random = await accuracy();
  await next();
  await set("shots", 100); await learn(page); await reached();
  await next();

  await choose("ehebb");
  await learn(page); await reached();
  await next();
  await put(1, -0.05); await again();
  const mended = await accuracy();
  await next();
  await again();
  console.log(`after 200 images: backpropagation ${yardstick} %, random feedback ${random} %, mended ${mended} %`);
  assert.ok(mended > random + 5 && yardstick > random, "the lessons are true");

  await choose("meta");
  await next();
  for (let k = 0; k < 5; k++) await page.locator("#outer").click();
  await reached();
  await next();
  await page.locator("#meta").click();
  await reached();
  assert.ok(Number(await page.locator('input[data-value="1"]').inputValue()) < 0, "meta-learning finds the sign");
  await page.locator("#meta").click();
  await next();
  await page.locator("#another").click();
  await page.locator("#status").filter({ hasText: "another task" }).waitFor();
  await learn(page); await reached();

  await choose("local");
  await learn(page); await reached();
  await next();
  await page.locator("#add").selectOption({ index: 10 });
  await reached();
  await next();
  await page.locator('[data-text="1"]').fill("-e ⊗ (y-)^2");
  await page.locator('[data-text="1"]').press("Enter");
  await page.locator("#status").filter({ hasText: "Ready" }).waitFor();
  await learn(page); await reached();
  await page.locator("#lesson-next").click();
  assert.equal(await page.locator("#lesson-next").count(), 0);
  await page.context().close();
}

async function looks() {
  for (const [name, width, colorScheme] of [["light", 1360, "light"], ["dark", 1360, "dark"], ["narrow", 390, "light"], ["narrow-dark", 390, "dark"]]) {
    const page = await open(troubles, { width, colorScheme, hash: "#w=-e+⊗+y-@0.01&w=-e+⊗+e-@-0.05&lesson=ehebb.2" });
    await outlook(page);
    await learn(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
    await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    await page.context().close();
  }
}

const all = {
  async numbers() { for (const want of expected) await numbers(want); },
  speed, controls, lessons, looks,
};
try {
  for (const part of parts) await all[part]();
  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}
