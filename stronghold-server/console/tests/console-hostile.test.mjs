/** Every lie of the hostile server, told to the console in a browser that remembers the truth: the red screen, and nothing is remembered. */
import test from "node:test";
import { openTab, seesPage, signIn, storageOf } from "./harness.mjs";
import { HALVES, integrity, tellsAll, TRUTH, withoutLog } from "./harness/lies.mjs";

/** @typedef {import("./harness/lies.mjs").Betrayed} Betrayed */
/** @typedef {import("./harness/browser.mjs").Tab} Tab */

/** How long a button that is there can take to be pressed, in milliseconds, if nothing takes the page away. */
const PRESSED = 5000;

/**
 * Waits for what is to be seen, or for an error beside what it stopped, or for the red screen, which takes everything else away.
 * @param {Tab} tab
 * @param {import("playwright-core").Locator} wanted
 * @param {number} timeout
 */
async function sees({ page }, wanted, timeout) {
  const failed = page.getByRole("alert").filter({ hasText: /./ });
  await wanted.or(failed).first().waitFor({ timeout });
  if (await failed.first().isVisible()) {
    throw new Error(await failed.first().innerText());
  }
}

/**
 * What a person sees who comes back, signs in and looks at everything.
 * @param {Tab} tab
 * @param {string} password
 * @param {number} patience
 */
async function looks(tab, password, patience) {
  const { page } = tab;
  const button = (/** @type {string} */ name) => page.getByRole("button", { name, exact: true });
  const press = (/** @type {import("playwright-core").Locator} */ what) => what.click({ timeout: PRESSED });
  const open = (/** @type {string} */ name) => press(page.getByRole("navigation", { name: "Pages", exact: true }).getByRole("link", { name, exact: true }));
  await page.getByLabel("Password", { exact: true }).fill(password);
  await press(button("Sign in"));
  await sees(tab, page.getByRole("navigation", { name: "Pages", exact: true }), patience);
  await open("Profiles");
  const link = page.getByRole("link", { name: "production", exact: true });
  await sees(tab, link, patience);
  await press(link);
  await sees(tab, button("Show the value of C"), patience);
  await press(button("Show the value of C"));
  await sees(tab, button("Hide the value of C"), patience);
  const row = await page.getByRole("row").filter({ has: button("Hide the value of C") }).innerText({ timeout: PRESSED });
  await open("People");
  await sees(tab, page.getByRole("table").getByText("owner@acme.example"), patience);
  await open("Audit");
  await sees(tab, button("Verify the log"), patience);
  await press(button("Verify the log"));
  await sees(tab, page.getByRole("strong").filter({ hasText: /^Verified: / }), patience);
  return row.includes(TRUTH) ? TRUTH : (row.match(/\b(three|dret|tres|trois|tri|one|two)\b/)?.[0] ?? row);
}

/** The same, where the red screen is an integrity error, whatever it took away. @type {typeof looks} */
async function looksAtAll(tab, password, patience) {
  try {
    return await looks(tab, password, patience);
  } catch (error) {
    const what = tab.page.locator("main.integrity .integrity-what");
    throw (await what.isVisible()) ? integrity(await what.innerText()) : error;
  }
}

/**
 * A browser in which the owner was, and whose device remembers the account key.
 * @param {import("node:test").TestContext} t
 * @param {Betrayed} scene
 */
async function browserOf(t, { server, owner }) {
  const tab = await openTab(t, server);
  // A browser reports answers that break off, and those of an error's status.
  tab.expect(/Failed to load resource/);
  // Chromium reports where a redirection leads to, and does not go there.
  tab.expect(/^request to another origin: http:\/\/127\.0\.0\.1:1\/$/);
  await signIn(tab, owner);
  return {
    reads: async (/** @type {number} */ patience) => {
      // What only the page held is gone. The page itself is none of the answers that are lied about.
      await tab.page.reload();
      await seesPage(tab.page, "Sign in");
      return looksAtAll(tab, owner.password, patience);
    },
    kept: async () => withoutLog(((await storageOf(tab)).indexedDB["stronghold"]?.["memory"] ?? []).map(({ key, value }) => [String(key), String(value)])),
  };
}

for (const [name, half] of Object.entries(HALVES)) {
  test(`the console refuses the ${name} half of all lies, and nothing is remembered`, (t) => tellsAll(t, "console", (scene) => browserOf(t, scene), half));
}
