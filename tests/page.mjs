// Opens a report and compares the numbers it gives, under the keys and as a file, with the file
// of the figure: node page.mjs FOLDER FIGURE

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "../crates/explain/tests/browser/open.js";

const [folder, figure] = process.argv.slice(2);
const { browser, open } = await launch(pathToFileURL(join(folder, "report.html")).href);
const troubles = [];
const page = await open(troubles);

const cells = (line) => [...`${line},`.matchAll(/("(?:[^"]|"")*"|[^,]*),/g)].map(([, cell]) => cell);
const lines = (text) => text.trimEnd().split("\n").map(cells);
const [download] = await Promise.all([
  page.waitForEvent("download"),
  page.locator(`#${figure} .files a`).click(),
]);
assert.equal(download.suggestedFilename(), `${figure}.csv`);

// The page has four digits of a number, the file six, and a column for the kind of a row.
const file = lines(readFileSync(join(folder, `${figure}.csv`), "utf8"));
const points = file.slice(1).filter((row) => row[2] === "point");
const found = lines(readFileSync(await download.path(), "utf8")).slice(1);
assert.equal(found.length, points.length);
points.forEach(([panel, series, , ...numbers], i) => {
  assert.deepEqual(found[i].slice(0, 2), [panel, series]);
  numbers.forEach((number, k) => {
    const near = Math.abs(Number(found[i][2 + k]) - Number(number)) <= 6e-4 * Math.abs(Number(number));
    assert.ok(number === found[i][2 + k] || near, `${points[i]}: the page has ${found[i]}`);
  });
});

// Arrow keys read out the mean of the first episode.
await page.locator(`#${figure}-0 svg`).focus();
await page.keyboard.press("ArrowRight");
const spoken = await page.locator(`#${figure}-0 output`).textContent();
const [, series, x, mean] = found[0];
assert.ok(spoken.includes(` ${x}, `) && spoken.includes(`${series} ${mean}`), spoken);
assert.deepEqual(troubles, []);
await browser.close();
