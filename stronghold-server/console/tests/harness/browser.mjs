/** Chromium, once per file of tests, and a context of its own for every test. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { afterwards, CHROMIUM } from "./machine.mjs";

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** The sizes that pages are looked at in. */
export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 375, height: 812 };

/** Two cores that others use as well: what must be seen may take its time. */
const PATIENCE = 60_000;

/** @type {Promise<import("playwright-core").Browser> | undefined} */
let launched;

after(async () => (await launched)?.close());

function browser() {
  launched ??= chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return launched;
}

/** A browser context with one page, which must stay without any error. */
export class Tab {
  /** @type {string[]} */
  #problems = [];
  /** @type {RegExp[]} */
  #expected = [];

  /**
   * @param {import("playwright-core").BrowserContext} context
   * @param {import("playwright-core").Page} page
   * @param {string} origin
   */
  constructor(context, page, origin) {
    this.context = context;
    this.page = page;
    /** Scheme and host of the server's address. */
    this.origin = origin;
    context.on("weberror", (error) => this.#problem(`error of the page: ${error.error().stack ?? error.error().message}`));
    context.on("console", (message) => ["error", "warning", "assert"].includes(message.type()) && this.#problem(`console: ${message.text()} (${message.location().url})`));
    context.on("request", (request) => this.#watch(request.url()));
    page.on("crash", () => this.#problem("the page crashed"));
  }

  /** @param {string} problem */
  #problem(problem) {
    this.#problems.push(problem);
  }

  /** @param {string} url */
  #watch(url) {
    const { protocol, origin } = new URL(url);
    if (!["blob:", "data:"].includes(protocol) && origin !== this.origin) {
      this.#problem(`request to another origin: ${url}`);
    }
  }

  /**
   * Allows errors that a test brings about on purpose, such as the browser's line on a refused request.
   * @param {RegExp} pattern
   */
  expect(pattern) {
    this.#expected.push(pattern);
  }

  /** All problems so far that were not expected. */
  get problems() {
    return this.#problems.filter((problem) => !this.#expected.some((pattern) => pattern.test(problem)));
  }

  /**
   * Goes to a page of the console, as a link would.
   * @param {string} route such as `agents`
   */
  async go(route) {
    await this.page.evaluate((to) => void (location.hash = `#/${to}`), route);
  }

  /** Another tab of the same browser, which shares what it keeps; what it reports is a problem of this one too. */
  async beside() {
    const tab = new Tab(this.context, await this.context.newPage(), this.origin);
    await tab.page.goto(`${this.origin}/`);
    return tab;
  }

  /** What was copied last, as a person finds out: pasted elsewhere. The console's own policy forbids reading the clipboard. */
  async copied() {
    const elsewhere = await (await browser()).newContext();
    const page = await elsewhere.newPage();
    await page.setContent("<textarea></textarea>");
    await page.getByRole("textbox").focus();
    await page.keyboard.press("Control+V");
    const text = await page.getByRole("textbox").inputValue();
    await elsewhere.close();
    return text;
  }
}

/**
 * Opens the console in a new context. When the test ends there must have been no error on the console, no error of the page, no violation
 * of the policy and no request to another origin, other than those that the test expected.
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 * @param {{ route?: string, viewport?: { width: number, height: number }, theme?: "light" | "dark", options?: import("playwright-core").BrowserContextOptions }} [how]
 * @returns {Promise<Tab>}
 */
export async function openTab(t, server, { route = "", viewport = DESKTOP, theme = "light", options = {} } = {}) {
  const context = await (await browser()).newContext({ viewport, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", acceptDownloads: true, ...options });
  context.setDefaultTimeout(PATIENCE);
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy violated: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`), true);
  });
  const tab = new Tab(context, await context.newPage(), new URL(server.url).origin);
  afterwards(t, async () => {
    await context.close();
    assert.deepEqual(tab.problems, [], "the browser reported problems");
  });
  await tab.page.goto(`${server.url}/${route === "" ? "" : `#/${route}`}`);
  return tab;
}
