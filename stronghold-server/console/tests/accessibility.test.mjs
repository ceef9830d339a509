/** What everyone can use: axe finds nothing on any page or dialog, in either theme, at either width; and what loads first stays small. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import { DESKTOP, dialog, dialogClosed, keepToken, livedInOrganization, loaded, lock, openTab, PHONE, seesPage, signIn, startServer } from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** Bytes as they are transferred. */
const FIRST_PAGE_BUDGET = 300 * 1024;
const WASM_BUDGET = 900 * 1024;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { desktop: DESKTOP, phone: PHONE };

/** Looks at what is shown, and remembers what axe finds. */
class Inspection {
  /** @type {string[]} */
  found = [];
  looks = 0;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * Looks in both themes and at both widths.
   * @param {string} what
   */
  async look(what) {
    const { page } = this;
    await loaded(page);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
        await page.emulateMedia({ colorScheme });
        this.found.push(...(await this.#violations()).map((violation) => `${what}, ${size}, ${colorScheme}: ${violation}`));
        this.looks += 1;
      }
    }
    await page.setViewportSize(DESKTOP);
  }

  /**
   * Looks at a dialog, or at a menu, and closes it.
   * @param {string} what
   */
  async lookAndClose(what) {
    await this.look(what);
    await this.page.keyboard.press("Escape");
    await dialogClosed(this.page);
  }

  /** @returns {Promise<string[]>} */
  async #violations() {
    // Given to the page by the debugger, which the page's policy does not bind: the page under test keeps its policy.
    await this.page.evaluate(`typeof axe === "undefined" && (() => { ${AXE} })()`);
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.map((/** @type {any} */ { id, help, nodes }) => `${id} (${help}) at ${nodes.map((/** @type {any} */ node) => `${node.target.join(" ")} ${node.failureSummary.replace(/\s+/g, " ")}`).join("; ")}`);
    });
  }
}

/** @param {string} name */
const exactly = (name) => ({ name, exact: true });

test("axe finds nothing", async (t) => {
  const server = await startServer(t);
  const { owner, ids } = await livedInOrganization(t, server);
  const tab = await openTab(t, server);
  const { page } = tab;
  const inspection = new Inspection(page);
  for (const [route, title] of Object.entries({ "sign-up": "Set up an organization", accept: "Accept an invitation", recover: "Forgotten password", "sign-in": "Sign in" })) {
    await tab.go(route);
    await seesPage(page, title);
    await inspection.look(route);
  }
  await page.getByRole("button", exactly("Sign in")).click();
  await inspection.look("sign-in with errors");
  await page.reload();
  await signIn(tab, owner);

  await agents(tab, inspection, ids);
  await profiles(tab, inspection, ids);
  await groups(tab, inspection, ids);
  await others(tab, inspection);

  await lock(tab);
  await inspection.look("sign-in on a known device");
  console.log(`axe looked ${inspection.looks} times`);
  assert.deepEqual(inspection.found, []);
});

/** @typedef {import("./harness.mjs").Tab} Tab */

/**
 * @param {Tab} tab
 * @param {Inspection} inspection
 * @param {Record<string, string>} ids
 */
async function agents(tab, inspection, ids) {
  const { page } = tab;
  await tab.go("agents");
  await page.getByRole("link", exactly("CI pipeline")).waitFor();
  await inspection.look("agents");
  await page.getByRole("button", { name: /^Account of / }).click();
  await inspection.lookAndClose("the account's menu");
  await page.keyboard.press("?");
  await dialog(page, "Keyboard shortcuts").waitFor();
  await inspection.lookAndClose("shortcuts");
  await page.getByRole("button", exactly("Create agent")).click();
  const form = dialog(page, "Create agent");
  await form.getByRole("button", exactly("Create")).click();
  await inspection.look("creating an agent, with an error");
  await form.getByLabel("Name", { exact: true }).fill("Release notes writer");
  await form.getByRole("button", exactly("Create")).click();
  await dialog(page, "Token of Release notes writer").getByLabel("I have kept the token").waitFor();
  await inspection.look("a token");
  await keepToken(page, "Release notes writer");

  await tab.go(`agents/${ids["Nightly backup"]}`);
  await page.getByRole("table", { name: "What it read" }).waitFor();
  await inspection.look("an agent");
  await page.getByRole("button", exactly("Edit")).click();
  await inspection.lookAndClose("editing an agent");
  await page.getByRole("button", exactly("Rotate token")).click();
  await inspection.lookAndClose("rotating a token");
  await page.getByRole("button", exactly("More actions")).click();
  await page.getByRole("menuitem", exactly("Delete agent")).click();
  await dialog(page).getByRole("textbox").fill("Nightly backup");
  await dialog(page).getByRole("button", exactly("Delete agent")).hover();
  await inspection.lookAndClose("deleting an agent");
}

/**
 * @param {Tab} tab
 * @param {Inspection} inspection
 * @param {Record<string, string>} ids
 */
async function profiles(tab, inspection, ids) {
  const { page } = tab;
  await tab.go("profiles");
  await page.getByRole("link", exactly("staging")).waitFor();
  await inspection.look("profiles");
  await tab.go(`profiles/${ids["production"]}`);
  await page.getByRole("button", { name: "Show the value of REDIS_URL" }).click();
  await inspection.look("a profile");
  await page.getByRole("button", exactly("Import")).click();
  await inspection.lookAndClose("importing");
  await page.getByRole("button", exactly("REDIS_URL")).click();
  await dialog(page, "REDIS_URL").getByRole("button", exactly("Show and edit")).click();
  await inspection.lookAndClose("a secret");
  await page.getByRole("button", exactly("Add secret")).click();
  const editor = dialog(page, "Add secret");
  await editor.getByLabel("Name", { exact: true }).fill("NEW_ONE");
  await editor.getByLabel("Value", { exact: true }).fill("a value");
  await inspection.look("adding a secret");
  await editor.getByRole("button", exactly("Add to changes")).click();
  await dialogClosed(page);
  await inspection.look("a profile with changes");
  await tab.go("agents");
  await dialog(page, "Leave without saving?").waitFor();
  await inspection.look("leaving without saving");
  await dialog(page).getByRole("button", exactly("Leave")).click();
  await seesPage(page, "Agents");
  await tab.go(`profiles/${ids["production"]}`);
  for (const part of ["History", "Deleted", "Access", "Exposed"]) {
    await page.getByRole("tab", exactly(part)).click();
    await page.getByRole("tabpanel").getByRole("table").first().waitFor();
    await inspection.look(`a profile: ${part}`);
  }
}

/**
 * @param {Tab} tab
 * @param {Inspection} inspection
 * @param {Record<string, string>} ids
 */
async function groups(tab, inspection, ids) {
  const { page } = tab;
  await tab.go("groups");
  await page.getByRole("link", exactly("deploy")).first().waitFor();
  await inspection.look("groups");
  await page.getByRole("tab", exactly("Matrix")).click();
  await page.getByRole("grid").waitFor();
  await inspection.look("the matrix of groups");
  await tab.go(`groups/${ids["deploy"]}`);
  await page.getByRole("table", { name: "Members" }).waitFor();
  await inspection.look("a group");
  await page.getByRole("button", exactly("Add members")).click();
  await inspection.lookAndClose("adding members");
  await page.getByRole("button", exactly("Grant a profile")).click();
  await dialog(page).getByRole("button", exactly("analytics")).click();
  await inspection.lookAndClose("granting a profile");
}

/**
 * @param {Tab} tab
 * @param {Inspection} inspection
 */
async function others(tab, inspection) {
  const { page } = tab;
  await tab.go("people");
  await page.getByRole("button", exactly("Invite")).click();
  await inspection.look("inviting");
  await dialog(page).getByLabel("E-mail address").fill("leila@acme.example");
  await dialog(page).getByRole("button", exactly("Invite")).click();
  await dialog(page, "Invitation of leila@acme.example").getByLabel(/^I have passed/).check();
  await inspection.look("an invitation");
  await dialog(page).getByRole("button", exactly("Done")).click();
  await dialogClosed(page);
  await inspection.look("people");
  await page.getByRole("button", exactly("Confirm keys")).click();
  await inspection.lookAndClose("new keys");

  await tab.go("audit");
  await page.getByRole("figure").waitFor();
  await inspection.look("audit");
  await page.getByRole("table", { name: "Audit records" }).getByRole("row").nth(1).getByRole("button").click();
  await inspection.lookAndClose("an audit record");

  await tab.go("organization");
  await page.getByRole("heading", { name: "Who decides" }).waitFor();
  await inspection.look("organization");
  await page.getByRole("button", exactly("Change threshold")).click();
  await inspection.lookAndClose("the threshold");
  await tab.go("account");
  await page.getByLabel("Present password").waitFor();
  await inspection.look("account");
}

test("what loads first is small", async (t) => {
  const server = await startServer(t);
  const sums = await (await fetch(`${server.url}/SHA256SUMS`)).text();
  const assets = [...sums.matchAll(/ {2}(assets\/\S+)$/gm)].map(([, name]) => String(name));
  for (const kind of [/\/app-.*\.js$/, /\/worker-.*\.js$/, /\.css$/, /\.wasm$/]) {
    assert.equal(assets.filter((name) => kind.test(name)).length, 1, `there is one ${kind}`);
  }
  const sizes = new Map(await Promise.all(["", ...assets].map(async (name) => /** @type {const} */ ([name, await transferred(`${server.url}/${name}`)]))));
  const wasm = [...sizes].filter(([name]) => name.endsWith(".wasm")).reduce((sum, [, size]) => sum + size, 0);
  const first = [...sizes.values()].reduce((sum, size) => sum + size, 0) - wasm;
  console.log(`first page: ${first} of ${FIRST_PAGE_BUDGET} bytes in ${sizes.size - 1} files; wasm: ${wasm} of ${WASM_BUDGET} bytes`);
  assert.ok(first < FIRST_PAGE_BUDGET);
  assert.ok(wasm < WASM_BUDGET);
});

/**
 * The bytes of a file as a browser that knows Brotli gets them.
 * @param {string} url
 */
async function transferred(url) {
  const answer = await fetch(url, { method: "HEAD", headers: { "accept-encoding": "br" } });
  assert.equal(answer.headers.get("content-encoding"), "br", url);
  return Number(answer.headers.get("content-length"));
}
