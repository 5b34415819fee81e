// Opens the page in a browser, uses its controls, and compares every number that is
// read off it with the program's own: node check.js PAGE.html EXPECTED.json PICTURES
// With no EXPECTED.json it only times how long the page takes to open.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { launch } from "./open.js";

const [pagePath, expectedPath, pictures] = process.argv.slice(2);
const address = pathToFileURL(pagePath).href;
const { browser, open } = await launch(address);

/** The number in a text, and half of its last digit. */
function read(text) {
  const found = text.replaceAll("−", "-").match(/-?\d[\d.]*(e-?\d+)?/g);
  assert.ok(found, `no number in '${text}'`);
  const shown = found.at(-1);
  const [digits, exponent = "0"] = shown.split("e");
  const decimals = (digits.split(".")[1] ?? "").length;
  return { value: Number(shown), half: 0.5 * 10 ** (Number(exponent) - decimals) };
}

/** The number shown is the program's, rounded. The page keeps vectors as 32-bit floats:
 *  some units of their rounding may tip the last digit. */
function same(text, want, what, floats = 0) {
  const { value, half } = read(text);
  const room = half * (1 + 1e-9) + floats * 2 ** -23 * Math.abs(want);
  assert.ok(Math.abs(value - want) <= room, `${what}: the page shows ${text}, the program says ${want}`);
}

async function numbers(page, want) {
  for (const [r, gradient] of want.gradient.entries()) {
    same(await page.locator(`[data-gradient="${r}"]`).innerText(), gradient, `gradient ${r}`);
    const total = await page.locator(`[data-total="${r}"]`).innerText();
    same(total, gradient, `total of map ${r}`);
    const map = page.locator(".map").nth(r);
    assert.equal(await map.locator(".check").getAttribute("data-agrees"), "true");
    const cells = await map.locator("td[data-layer]").allInnerTexts();
    cells.forEach((cell, l) => same(cell, want.by_layer[r][l], `term ${r}, layer ${l + 1}`));
    const answers = await page.locator("#responses figure").nth(r).locator("td[data-delta]").allTextContents();
    answers.forEach((cell, k) => same(cell, want.responses[r][k], `response ${r}, point ${k}`));
  }
  same(await page.locator("#loss").innerText(), want.loss, "meta-loss");
  for (const [name, angles] of Object.entries(want.angles)) {
    const cells = await page.locator(`#ends tr[data-rule="${name}"] td`).allInnerTexts();
    angles.forEach((angle, l) => same(cells[2 + l].replace("°", ""), angle, `${name}, angle ${l}`));
  }
  // The sums themselves, at full precision and not as printed.
  const apart = await page.evaluate(() => {
    const data = JSON.parse(document.getElementById("episode").textContent);
    return data.gradient.map((g, r) => {
      const sum = data.contributions.flat().reduce((s, of) => s + of[r], 0);
      return Math.abs(sum - g) / Math.abs(g);
    });
  });
  assert.ok(apart.every((off) => off <= 1e-6), `sums are apart by ${apart}`);
}

async function oneWeight(page, want) {
  const { layer, post, pre, w, adjoint } = want;
  await page.locator("#layer").selectOption(String(layer));
  await page.locator("#pre").fill(String(pre + 1));
  await page.locator("#post").fill(String(post + 1));
  await page.locator("#post").press("Tab");
  const readout = page.locator("#matrix-read");
  const steps = adjoint.length;
  const position = page.locator("#position");
  // A weight is the sum of its first value and up to `steps` updates.
  const floats = steps;
  for (const t of [0, 1, Math.floor(steps / 2), steps - 1]) {
    await position.fill(String(t));
    await page.locator('input[value="W"]').check();
    same(await readout.innerText(), w[t], `layer ${layer}, W before step ${t}`, floats);
    await position.fill(String(2 * steps - t));
    await page.locator('input[value="adjoint"]').check();
    same(await readout.innerText(), adjoint[t], `layer ${layer}, Λ after step ${t}`, floats * want.cancels);
  }
  await page.locator("#life-details summary").click();
  const table = page.getByRole("table", { name: `Layer ${layer}, from unit ${pre + 1} to unit ${post + 1}, step by step` });
  await table.waitFor();
  const rows = await table.locator("tbody tr").all();
  assert.equal(rows.length, steps);
  for (const [t, row] of rows.entries()) {
    const cells = await row.locator("td").allInnerTexts();
    same(cells[0], w[t], `layer ${layer}, row ${t}: w before`, floats);
    same(cells.at(-2), w[t + 1], `layer ${layer}, row ${t}: w after`, floats);
    same(cells.at(-1), adjoint[t], `layer ${layer}, row ${t}: Λ`, floats * want.cancels);
    const shares = cells.slice(1, -2).map((cell) => read(cell).value);
    const sum = shares.reduce((s, x) => s + x, 0);
    const change = w[t + 1] - w[t];
    const room = shares.reduce((s, x) => s + 1e-3 * Math.abs(x), 1e-9);
    assert.ok(Math.abs(sum - change) <= room, `layer ${layer}, row ${t}: the shares add up to ${sum}, not ${change}`);
  }
  await page.locator("#life-details summary").click();
}

async function controls(page, steps) {
  const where = page.locator("#where");
  const position = page.locator("#position");
  await page.getByRole("button", { name: "To the first step" }).click();
  assert.match(await where.innerText(), /^Forward, step 1 of/);
  await page.getByRole("button", { name: "One step on" }).click();
  assert.match(await where.innerText(), /^Forward, step 2 of/);
  await page.getByRole("button", { name: "One step back" }).click();
  assert.match(await where.innerText(), /^Forward, step 1 of/);
  await page.getByRole("button", { name: "To the last step" }).click();
  assert.match(await where.innerText(), /^Backward, step 1 of/);
  await position.fill(String(steps));
  assert.match(await where.innerText(), /^The loss/);
  await position.focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await where.innerText(), new RegExp(`^Backward, step ${steps} of`));
  assert.equal(await position.getAttribute("aria-valuetext"), await where.innerText());
  await page.getByRole("button", { name: "To the first step" }).click();
  await page.getByRole("button", { name: "Play" }).click();
  await page.waitForFunction(() => document.getElementById("where").textContent.startsWith("Forward, step 3"));
  await page.getByRole("button", { name: "Pause" }).click();
  const still = await where.innerText();
  await page.waitForTimeout(600);
  assert.equal(await where.innerText(), still);
}

async function keyboard(page, steps) {
  await page.locator("#pre").fill("3");
  await page.locator("#post").fill("2");
  await page.locator("#post").press("Tab");
  const matrix = page.locator("#matrix");
  await matrix.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#pre").inputValue(), "4");
  assert.equal(await page.locator("#post").inputValue(), "3");
  const map = page.locator(".map table").first();
  await map.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.match(await page.locator("#sum-read").innerText(), /step 2, layer 2: /);
  await page.keyboard.press("Enter");
  assert.match(await page.locator("#where").innerText(), /^Backward, step 2 of/);
  // A click in the middle of the matrix chooses a synapse there.
  const box = await matrix.boundingBox();
  await matrix.click({ position: { x: box.width / 2, y: box.height / 2 } });
  const [rows, columns] = await matrix.evaluate((canvas) => [canvas.height, canvas.width]);
  assert.ok(Math.abs(Number(await page.locator("#pre").inputValue()) - columns / 2) <= 2);
  assert.ok(Math.abs(Number(await page.locator("#post").inputValue()) - rows / 2) <= 2);
  // Everything that can be reached by keyboard has a name for screen readers.
  const nameless = await page.evaluate(() => [...document.querySelectorAll("a, button, input, select, canvas[tabindex], table[tabindex], svg[role]")]
    .filter((element) => !(element.textContent.trim() || element.labels?.length || element.getAttribute("aria-label") || element.getAttribute("aria-labelledby")))
    .map((element) => element.outerHTML));
  assert.deepEqual(nameless, []);
  assert.ok(await page.locator("table").evaluateAll((tables) => tables.every((table) => table.querySelector("th[scope]"))));
  assert.ok(steps > 2);
}

async function looks() {
  for (const [name, width, colorScheme] of [["light", 1280, "light"], ["dark", 1280, "dark"], ["narrow", 400, "light"]]) {
    const troubles = [];
    const page = await open(troubles, { width, colorScheme });
    const [ink, paper] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      const light = (color) => color.match(/\d+/g).slice(0, 3).reduce((s, x) => s + Number(x), 0);
      return [light(style.color), light(style.backgroundColor)];
    });
    assert.equal(ink < paper, colorScheme === "light", `${name}: ink ${ink}, paper ${paper}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
    if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    assert.deepEqual(troubles, []);
  }
}

try {
  const troubles = [];
  if (!expectedPath) {
    // The best of three: the machine may be busy with something else.
    const times = [];
    for (let k = 0; k < 3; k++) {
      const page = await open(troubles);
      times.push(Number(await page.evaluate(() => document.documentElement.dataset.ready)));
      await page.close();
    }
    console.log(Math.min(...times));
  } else {
    const want = JSON.parse(readFileSync(expectedPath, "utf8"));
    const page = await open(troubles);
    await numbers(page, want);
    for (const weight of want.weights) await oneWeight(page, weight);
    await controls(page, want.weights[0].adjoint.length);
    await keyboard(page, want.weights[0].adjoint.length);
    await looks();
  }
  assert.deepEqual(troubles, []);
} finally {
  await browser.close();
}
