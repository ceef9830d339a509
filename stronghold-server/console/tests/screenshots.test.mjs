/** Pictures of every page of an organization as it is in use: in both themes, at the width of a desk and of a telephone. */
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DESKTOP, dialog, dialogClosed, livedInOrganization, loaded, lock, openTab, PHONE, seesPage, signIn, startServer } from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** Where the pictures go; none is taken from there by a test. */
const FOLDER = process.env["STRONGHOLD_TEST_SCREENSHOTS"] ?? join(tmpdir(), "stronghold-screenshots");
const SMALLEST = 10 * 1024;
const THEMES = /** @type {const} */ (["light", "dark"]);
const SIZES = { desktop: DESKTOP, phone: PHONE };

/**
 * Takes what is shown four times, and asserts that each picture shows something.
 * @param {Page} page
 * @param {string} name
 */
async function picture(page, name) {
  await loaded(page);
  // No row is lit by the pointer.
  await page.mouse.move(0, 0);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      const path = join(FOLDER, `${name}-${size}-${theme}.png`);
      // Tables and charts measure themselves anew after the width changed.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path, animations: "disabled" });
      assert.ok(statSync(path).size > SMALLEST, `${name} at ${size} in ${theme} is a picture of something`);
    }
  }
  await page.setViewportSize(DESKTOP);
}

test("every page is in pictures", async (t) => {
  mkdirSync(FOLDER, { recursive: true });
  const server = await startServer(t);
  const { owner, cli, ids } = await livedInOrganization(t, server);
  const tab = await openTab(t, server);
  const { page } = tab;
  const entries = { "sign-in": "Sign in", "sign-up": "Set up an organization", accept: "Accept an invitation", recover: "Forgotten password" };
  for (const [route, title] of Object.entries(entries)) {
    await tab.go(route);
    await seesPage(page, title);
    await picture(page, route);
  }
  await tab.go("sign-in");
  await signIn(tab, owner);
  await seesPage(page, "Agents");
  await page.getByRole("link", { name: "CI pipeline", exact: true }).waitFor();
  await picture(page, "agents");

  const pages = [
    { name: "agent", route: `agents/${ids["Nightly backup"]}`, title: /Nightly backup/, shows: page.getByRole("table", { name: "What it read" }) },
    { name: "profiles", route: "profiles", title: "Profiles", shows: page.getByRole("link", { name: "staging", exact: true }) },
    { name: "groups", route: "groups", title: "Groups", shows: page.getByRole("link", { name: "on-call", exact: true }).first() },
    { name: "group", route: `groups/${ids["deploy"]}`, title: "deploy", shows: page.getByRole("table", { name: "Members" }) },
    { name: "people", route: "people", title: "People", shows: page.getByRole("button", { name: "Actions for ravi@acme.example" }) },
    { name: "audit", route: "audit", title: "Audit", shows: page.getByRole("figure") },
    { name: "organization", route: "organization", title: "Organization", shows: page.getByRole("heading", { name: "Who decides" }) },
    { name: "account", route: "account", title: "My account", shows: page.getByLabel("Present password") },
  ];
  for (const { name, route, title, shows } of pages) {
    await tab.go(route);
    await seesPage(page, title);
    await shows.waitFor();
    await picture(page, name);
  }
  await tab.go("people");
  await page.getByRole("button", { name: "Confirm keys", exact: true }).click();
  await dialog(page, "New keys of mei@acme.example?").waitFor();
  await picture(page, "confirm-keys");
  await page.keyboard.press("Escape");
  await dialogClosed(page);
  await profile(tab, String(ids["production"]));

  await tab.go("audit");
  const records = page.getByRole("table", { name: "Audit records" });
  await records.waitFor();
  await page.getByLabel("Action", { exact: true }).selectOption("Reads of values");
  await records.getByText("CI pipeline").first().waitFor();
  await records.getByRole("row").nth(9).evaluate((row) => row.scrollIntoView({ block: "end" }));
  await picture(page, "audit-records");
  await records.getByRole("row").nth(1).getByRole("button").click();
  await dialog(page).waitFor();
  await picture(page, "audit-record");
  await page.keyboard.press("Escape");
  await dialogClosed(page);

  // A token that is worth nothing once its picture is taken: the whole organization goes with the test.
  await tab.go("agents");
  await page.getByRole("button", { name: "Create agent", exact: true }).click();
  const form = dialog(page, "Create agent");
  await form.getByLabel("Name", { exact: true }).fill("Release notes writer");
  await form.getByLabel("deploy", { exact: true }).check();
  await picture(page, "create-agent");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await dialog(page, "Token of Release notes writer").getByLabel("I have kept the token").waitFor();
  await picture(page, "token");
  await cli.ok(["agent", "delete", "Release notes writer", "--yes"]);
  await page.getByLabel("I have kept the token").check();
  await page.getByRole("button", { name: "Done", exact: true }).click();
  await lock(tab);
  await picture(page, "sign-in-again");
});

/**
 * A profile with a draft, and its other parts.
 * @param {import("./harness.mjs").Tab} tab
 * @param {string} id
 */
async function profile(tab, id) {
  const { page } = tab;
  await tab.go(`profiles/${id}`);
  await seesPage(page, "production");
  await page.getByRole("button", { name: "Show the value of REDIS_URL" }).click();
  await picture(page, "profile");
  for (const part of ["History", "Deleted", "Access", "Exposed"]) {
    await page.getByRole("tab", { name: part, exact: true }).click();
    await page.getByRole("tabpanel").getByRole("table").first().waitFor();
    await picture(page, `profile-${part.toLowerCase()}`);
  }
}
