import { chromium } from "playwright-core";

/** A browser, and `open`, which opens the page at `address` in it. */
export async function launch(address) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
  });

  /** A page in a window of its own, without a network; `troubles` collects what goes wrong. */
  async function open(troubles, { width = 1280, height = 900, colorScheme = "light", hash = "", ...more } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, offline: true, ...more });
    const page = await context.newPage();
    page.on("pageerror", (error) => troubles.push(String(error)));
    page.on("console", (message) => { if (message.type() === "error") troubles.push(message.text()); });
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) troubles.push(`asked the network for ${request.url()}`);
    });
    await page.goto(address + hash);
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    return page;
  }

  return { browser, open };
}
