/** A hostile server, played by the wire between it and a browser; and the one screen that every lie must end in. */
import assert from "node:assert/strict";
import { startServer } from "./server.mjs";
import { open, organizationOn, randomWord, seesPage } from "./steps.mjs";
import { wholePage } from "./inspect.mjs";
import { startWire } from "./wire.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./browser.mjs").Tab} Tab */
/** @typedef {Awaited<ReturnType<typeof scene>>} Scene */

/** Values and a name that no screen may show once the server has lied. */
export const WORDS = { oldKey: randomWord(), newKey: randomWord(), password: randomWord(), name: `NAME_${randomWord(6)}` };

export const EVERYTHING = Object.values(WORDS);

/** @param {import("./cli.mjs").Cli} cli @param {Record<string, string>} secrets @param {string} [profile] */
export async function push(cli, secrets, profile = "production") {
  await cli.ok(["env", "push", "--profile", profile, "--format", "json", "-"], { input: JSON.stringify(secrets) });
}

/**
 * An organization behind a wire: a profile at its second revision, and what the wire carried meanwhile.
 * @param {import("node:test").TestContext} t
 */
export async function scene(t) {
  const wire = await startWire(t);
  const server = await startServer(t, { wire });
  const { owner, cli } = await organizationOn(t, server);
  await cli.ok(["profile", "create", "production"]);
  await cli.ok(["group", "create", "deploy"]);
  await cli.ok(["group", "grant", "deploy", "production"]);
  await push(cli, { [WORDS.name]: WORDS.oldKey, PASSWORD: WORDS.password });
  await cli.pull("production");
  await push(cli, { [WORDS.name]: WORDS.newKey });
  await cli.pull("production");
  const reads = wire.exchanges.filter(({ path }) => /\/profiles\/[^/]+\/read/.test(path)).map(({ responseBody }) => responseBody.toString());
  const revisions = reads.map((body) => JSON.parse(Buffer.from(JSON.parse(body).profile.manifest.payload, "base64url").toString()).revision);
  /** A whole reply to a read at a revision. @param {number} revision */
  const readAt = (revision) => reads[revisions.indexOf(revision)] ?? assert.fail(`nothing was read at revision ${revision} of ${revisions}`);
  // The other organization, on a server of its own.
  const otherWire = await startWire(t);
  const { cli: otherCli } = await organizationOn(t, await startServer(t, { wire: otherWire }), { organization: "Other", email: "owner@other.example" });
  await otherCli.ok(["audit", "verify"]);
  /** What the other server answered. @param {RegExp} path */
  const others = (path) => otherWire.exchanges.findLast((exchange) => path.test(exchange.path) && exchange.status === 200)?.responseBody.toString() ?? assert.fail("the other server was not asked");
  return { wire, server, owner, cli, readAt, others, newest: Math.max(...revisions) };
}

/** Another byte in the middle. @param {string} base64 */
export function flipped(base64) {
  const bytes = Buffer.from(base64, "base64url");
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString("base64url");
}

/** Whether a browser asked, and not the command line, which goes through the same wire. @param {import("./wire.mjs").Exchange} exchange */
export const byBrowser = ({ requestHeaders }) => requestHeaders.some((header) => /^sec-fetch-site$/i.test(header));

/**
 * Has the server lie to browsers wherever a path matches. Gives how often it did.
 * @param {Scene} scene
 * @param {RegExp} path
 * @param {(body: any) => unknown} change changes the body in place, or gives another one
 */
export function lieAbout({ wire }, path, change) {
  let told = 0;
  wire.alter = (exchange) => {
    if (!path.test(exchange.path) || exchange.status !== 200 || !byBrowser(exchange)) {
      return undefined;
    }
    told += 1;
    const body = JSON.parse(exchange.responseBody.toString());
    const changed = change(body) ?? body;
    return typeof changed === "string" ? changed : JSON.stringify(changed);
  };
  return () => told;
}

/** Gives what was typed, and does not wait for what comes of it. @param {Tab} tab @param {import("./steps.mjs").Person} owner */
export async function trySignIn({ page }, { email, password, accountKey }) {
  await seesPage(page, "Sign in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Account key", { exact: true }).fill(accountKey);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** @param {Page} page */
export async function tryOpenProfile(page) {
  await open(page, "Profiles");
  await page.getByRole("link", { name: "production", exact: true }).click();
}

/**
 * The red screen, and nothing else: no way on, nothing of the lie, no further request, and it stays.
 * @param {Scene["wire"]} wire
 * @param {Tab} tab
 * @param {string[]} hidden what may be nowhere in the page
 * @returns {Promise<string>} what it says is wrong
 */
export async function redScreen(wire, tab, hidden) {
  const { page } = tab;
  await page.getByRole("heading", { level: 1, name: "The server's answer did not verify" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  const address = page.url();
  const asked = wire.exchanges.length;
  const look = () => page.evaluate(() => ({
    screens: document.querySelectorAll("main.integrity").length,
    others: document.querySelectorAll("nav, header, table, dialog, form, .toast, .banner").length,
    ways: [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0'], [contenteditable]")].map((element) => element.textContent),
    alert: document.querySelector('main.integrity [role="alert"]') !== null,
    said: document.querySelector(".integrity-what")?.textContent ?? "",
    colour: getComputedStyle(document.querySelector("main.integrity") ?? document.body).backgroundColor,
    title: document.title,
    focused: document.activeElement?.tagName,
  }));
  const seen = await look();
  const { said, colour, ...rest } = seen;
  assert.deepEqual(rest, { screens: 1, others: 0, ways: ["Lock"], alert: true, title: "Stopped: integrity - Stronghold", focused: "H1" });
  const [red = 0, green = 0, blue = 0] = colour.match(/\d+/g)?.map(Number) ?? [];
  assert.ok(red > 2 * green && red > 2 * blue, `the screen is red, not ${colour}`);
  assert.match(said, /^[^{}[\]<>]{20,}$/, "it says in words what is wrong");
  assert.doesNotMatch(said, /undefined|null|\bNaN\b|panicked/);
  const whole = await wholePage(page);
  for (const word of hidden) {
    assert.ok(!whole.includes(word), `${word} is in the page`);
  }
  // Neither keys, nor another address, nor coming back to the tab leads on.
  for (const keys of ["g", "p", "n", "/", "?", "Escape", "s"]) {
    await page.keyboard.press(keys);
  }
  await tab.go("profiles");
  await page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange")));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  const { focused, ...still } = await look();
  const { focused: before, ...first } = seen;
  assert.deepEqual(still, first, `it stays (${before}, ${focused})`);
  assert.equal(wire.exchanges.length, asked, "nothing is sent any more");
  await page.evaluate((url) => history.replaceState(null, "", url), address);
  await page.getByRole("button", { name: "Lock" }).click();
  await seesPage(page, "Sign in");
  await page.getByText("Locked because the server's answer did not verify.").waitFor();
  return said;
}
