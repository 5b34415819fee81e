// How fast the page is in a browser. Prints medians; nothing else should run meanwhile.
//   target/debug/metaplast playground -o page.html
//   npm --prefix crates/explain/tests/browser ci
//   CHROMIUM=$(command -v chromium) node crates/playground/tests/speed.mjs page.html

import { loadavg } from "node:os";
import { pathToFileURL } from "node:url";
import { launch } from "../../explain/tests/browser/open.js";

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** At 196-40-20-10 units and 100 images: milliseconds of an episode with its meta-gradient, of
 * each of 40, and between frames while every image is drawn, and images a second. */
export async function measure(open, troubles) {
  const page = await open(troubles, { hash: "#K=20" });
  const outlook = () => page.waitForFunction(() => document.getElementById("episode").dataset.exact);
  await outlook();
  const episodes = [];
  for (let k = 1; k <= 40; k++) {
    await page.evaluate(() => { delete document.getElementById("episode").dataset.exact; });
    await page.locator('input[data-value="0"]').fill(String(0.01 + k * 1e-5));
    await page.locator('input[data-value="0"]').press("Enter");
    await outlook();
    episodes.push(Number(await page.locator("#episode").getAttribute("data-took")));
  }
  await page.locator("#pace").selectOption("1");
  await page.evaluate(() => {
    window.frameTimes = [];
    const mark = (now) => { window.frameTimes.push(now); requestAnimationFrame(mark); };
    requestAnimationFrame(mark);
  });
  const began = Date.now();
  await page.locator("#play").click();
  await page.waitForFunction(() => document.getElementById("status").textContent.startsWith("After"));
  const images = 100_000 / (Date.now() - began);
  const marks = await page.evaluate(() => window.frameTimes);
  await page.context().close();
  return { episodes, frames: marks.slice(1).map((mark, i) => mark - marks[i]), images };
}

export function tell({ episodes, frames, images }) {
  const load = loadavg()[0].toFixed(1);
  return `at a load of ${load}, medians: episode with meta-gradient ${median(episodes).toFixed(1)} ms (least ${Math.min(...episodes).toFixed(1)} ms); `
    + `${(1000 / median(frames)).toFixed(1)} frames a second; ${images.toFixed(1)} images a second, each of them drawn`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { browser, open } = await launch(pathToFileURL(process.argv[2]).href);
  try {
    console.log(tell(await measure(open, [])));
  } finally {
    await browser.close();
  }
}
