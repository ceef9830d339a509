/** Console and command line at work on one organization at the same time: each sees what the other did, and nothing is lost between them. */
import assert from "node:assert/strict";
import test from "node:test";
import { addSecret, createAgent, createGroup, dialog, dialogClosed, open, openProfile, openTab, organizationOn, randomWord, seesPage, signIn, startServer } from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./harness.mjs").Cli} Cli */

/**
 * An organization with a profile `production`, its owner at the command line and in the console.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} secrets
 */
async function scene(t, secrets = {}) {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  await cli.ok(["profile", "create", "production"]);
  await push(cli, secrets);
  const tab = await openTab(t, server);
  // What is refused as stale is a line on the browser's console.
  tab.expect(/409 \(Conflict\)/);
  await signIn(tab, owner);
  return { server, cli, page: tab.page };
}

/** @param {Cli} cli @param {Record<string, string>} secrets */
async function push(cli, secrets) {
  if (Object.keys(secrets).length > 0) {
    await cli.ok(["env", "push", "--profile", "production", "--format", "json", "-"], { input: JSON.stringify(secrets) });
  }
}

/** The newest revision. @param {Cli} cli */
async function head(cli) {
  const listed = await cli.json(["profile", "history", "--profile", "production"]);
  return Math.max(...listed.map((/** @type {any} */ entry) => entry.revision));
}

/** All values that a secret ever had, oldest first. @param {Cli} cli @param {string} name */
async function versions(cli, name) {
  const listed = await cli.json(["secret", "history", name, "--profile", "production"]);
  const numbers = listed.versions.map((/** @type {any} */ entry) => entry.version).sort((/** @type {number} */ a, /** @type {number} */ b) => a - b);
  return Promise.all(numbers.map((/** @type {number} */ version) => cli.ok(["secret", "get", name, "--profile", "production", "--version", String(version)])));
}

/** Puts a new value of a secret into the draft. @param {Page} page @param {string} name @param {string} value */
async function changeSecret(page, name, value) {
  await page.getByRole("button", { name, exact: true }).click();
  const editor = dialog(page, name);
  await editor.getByRole("button", { name: "Give a new value" }).click();
  await editor.getByLabel("Value", { exact: true }).fill(value);
  await editor.getByRole("button", { name: "Keep change" }).click();
  await dialogClosed(page);
}

/** @param {Page} page */
const draftBar = (page) => page.getByRole("region", { name: "Changes that are not saved" });
/** @param {Page} page */
const stale = (page) => page.getByRole("region", { name: "The profile changed before you saved" });

/** Presses Save; the outcome is a saved draft, or a stale one. @param {Page} page */
async function pressSave(page) {
  await draftBar(page).getByRole("button", { name: "Save", exact: true }).click();
  await draftBar(page).waitFor({ state: "hidden" });
  return (await stale(page).isVisible()) ? "stale" : "saved";
}

/** Presses Save where theirs and yours stand side by side; that may be stale again. @param {Page} page */
async function saveStale(page) {
  await stale(page).evaluate((section) => void (section.dataset["seen"] = ""));
  await stale(page).getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".draft-bar, section[data-seen]") === null);
  return (await stale(page).isVisible()) ? "stale" : "saved";
}

/** The value of a secret in the table. @param {Page} page @param {string} name */
async function valueShown(page, name) {
  const row = page.getByRole("row").filter({ has: page.getByRole("button", { name, exact: true }) });
  await row.getByRole("button", { name: `Show the value of ${name}` }).click();
  return row.locator("code.value-line").innerText();
}

/** What a side of a clash holds. @param {Page} page @param {"their" | "your"} whose @param {string} name */
async function sideShown(page, whose, name) {
  await stale(page).getByRole("button", { name: `Show ${whose} value of ${name}` }).click();
  return stale(page).getByRole("group", { name: `${whose} value of ${name}` }).innerText();
}

test("each sees what the other did without signing in again", async (t) => {
  const { cli, page } = await scene(t, { FROM_CLI: "one" });
  await cli.ok(["group", "create", "cli group"]);
  await cli.ok(["group", "grant", "cli group", "production"]);
  await cli.ok(["agent", "create", "cli agent", "--group", "cli group"]);
  await open(page, "Groups");
  await page.getByRole("link", { name: "cli group", exact: true }).waitFor();
  await open(page, "Agents");
  await page.getByRole("link", { name: "cli agent", exact: true }).waitFor();
  await openProfile(page, "production");
  assert.equal(await valueShown(page, "FROM_CLI"), "one");

  const value = randomWord();
  await addSecret(page, { name: "FROM_CONSOLE", value, note: "typed" });
  assert.equal(await pressSave(page), "saved");
  assert.deepEqual(await cli.pull("production"), { FROM_CLI: "one", FROM_CONSOLE: value });
  await createGroup(page, "console group");
  const token = await createAgent(page, "console agent", { groups: ["console group", "cli group"] });
  assert.ok(token.startsWith("stronghold_agent_"));
  const names = (/** @type {any[]} */ listed) => listed.map(({ name }) => name).sort();
  assert.deepEqual(names(await cli.json(["agent", "list"])), ["cli agent", "console agent"]);
  assert.ok(names(await cli.json(["group", "list"])).includes("console group"));

  // On the page that stays open, too: nobody goes anywhere.
  await open(page, "Agents");
  await cli.ok(["agent", "deactivate", "console agent"]);
  await cli.ok(["agent", "create", "late agent"]);
  await page.getByRole("link", { name: "late agent", exact: true }).waitFor();
  await page.getByRole("row", { name: /console agent/ }).getByText("Inactive").waitFor();

  // And each goes on with what the other made.
  await cli.ok(["agent", "delete", "console agent", "--yes"]);
  await open(page, "Groups");
  await page.getByRole("link", { name: "cli group", exact: true }).click();
  await seesPage(page, "cli group");
  await page.getByText("cli agent", { exact: true }).first().waitFor();
  assert.equal(await page.getByText("console agent", { exact: true }).count(), 0);
  await openProfile(page, "production");
  assert.equal(await valueShown(page, "FROM_CONSOLE"), value);
});

test("interleaved edits of both end with every acknowledged write", async (t) => {
  const { cli, page } = await scene(t, { SHARED: "start" });
  const rounds = 8;
  /** @type {Record<string, string>} */
  const acknowledged = {};
  const shared = ["start"];
  let conflicts = 0;
  /** Sets a secret by the command line until it says that it did. @param {string} name @param {string} value */
  const byCli = async (name, value) => {
    for (;;) {
      const ran = await cli.run(["secret", "set", name, "--profile", "production", "--stdin"], { input: value });
      if (ran.code === 0) {
        return;
      }
      assert.match(ran.stderr, /meanwhile|changed|newer|conflict|revision/i, "it fails only because the console was first");
      conflicts += 1;
    }
  };
  await openProfile(page, "production");
  for (let round = 0; round < rounds; round += 1) {
    const [mine, theirs] = [`console-${round}`, `cli-${round}`];
    await addSecret(page, { name: `CONSOLE_${round}`, value: mine });
    await changeSecret(page, "SHARED", mine);
    // Both at once: whoever comes second finds another revision than it began on.
    const cliAtWork = byCli(`CLI_${round}`, theirs).then(() => byCli("SHARED", theirs));
    let came = await pressSave(page);
    while (came === "stale") {
      conflicts += 1;
      const keepMine = stale(page).getByRole("radio", { name: "Keep yours" });
      if (await keepMine.isVisible()) {
        await keepMine.check();
      }
      came = await saveStale(page);
    }
    await cliAtWork;
    Object.assign(acknowledged, { [`CONSOLE_${round}`]: mine, [`CLI_${round}`]: theirs });
    shared.push(mine, theirs);
  }
  const { SHARED, ...others } = await cli.pull("production");
  assert.deepEqual(others, acknowledged);
  // Of the one that both changed, every acknowledged value is a version of its own, and the last one is there.
  const kept = await versions(cli, "SHARED");
  assert.deepEqual(kept.toSorted(), shared.toSorted());
  assert.equal(SHARED, kept.at(-1));
  await openProfile(page, "production");
  assert.equal(await valueShown(page, "SHARED"), SHARED);
  assert.equal(await page.getByRole("row").count(), 1 + 1 + 2 * rounds);
  await cli.ok(["org", "verify"]);
  t.diagnostic(`${rounds} rounds, ${conflicts} conflicts, all of them told and solved`);
});

test("a stale save beside another secret's change keeps both", async (t) => {
  const { cli, page } = await scene(t, { MINE: "old", THEIRS: "old" });
  await openProfile(page, "production");
  await changeSecret(page, "MINE", "from the console");
  await push(cli, { THEIRS: "from the command line", NEW: "new" });
  const before = await head(cli);
  assert.equal(await pressSave(page), "stale");
  await stale(page).getByText("Nobody touched what you changed").waitFor();
  const lists = stale(page);
  await lists.getByText(`it is now at revision ${before}`).waitFor();
  for (const name of ["MINE", "THEIRS", "NEW"]) {
    assert.equal(await lists.getByText(name, { exact: true }).count(), 1, `${name} is named once`);
  }
  assert.equal(await head(cli), before, "nothing is written before the person decides");
  assert.equal(await saveStale(page), "saved");
  assert.deepEqual(await cli.pull("production"), { MINE: "from the console", THEIRS: "from the command line", NEW: "new" });
  assert.equal(await head(cli), before + 1);
  assert.deepEqual(await versions(cli, "MINE"), ["old", "from the console"]);
  assert.deepEqual(await versions(cli, "THEIRS"), ["old", "from the command line"]);
});

test("a stale save of the same secret shows both versions; choosing yours keeps theirs in the history", async (t) => {
  const { cli, page } = await scene(t, { KEY: "old", OTHER: "old" });
  const [mine, theirs] = [randomWord(), randomWord()];
  await openProfile(page, "production");
  await changeSecret(page, "KEY", mine);
  await push(cli, { KEY: theirs });
  const before = await head(cli);
  assert.equal(await pressSave(page), "stale");
  assert.equal(await sideShown(page, "their", "KEY"), theirs);
  assert.equal(await sideShown(page, "your", "KEY"), mine);
  await stale(page).getByText("As it was when you began").click();
  await stale(page).getByRole("button", { name: "Show the former value of KEY" }).click();
  assert.equal(await stale(page).getByRole("group", { name: "the former value of KEY" }).innerText(), "old");
  assert.ok(await stale(page).getByRole("button", { name: "Save", exact: true }).isDisabled(), "nothing is chosen for the person");
  assert.equal(await head(cli), before);
  assert.equal((await cli.pull("production"))["KEY"], theirs);
  await stale(page).getByRole("radio", { name: "Keep yours" }).check();
  assert.equal(await saveStale(page), "saved");
  assert.deepEqual(await cli.pull("production"), { KEY: mine, OTHER: "old" });
  assert.deepEqual(await versions(cli, "KEY"), ["old", theirs, mine]);
  const revisions = await cli.json(["profile", "history", "--profile", "production"]);
  assert.deepEqual(revisions.map((/** @type {any} */ entry) => entry.revision).sort(), Array.from({ length: before + 1 }, (_, at) => at + 1));
});

test("choosing theirs writes nothing; until then the draft is kept", async (t) => {
  const { cli, page } = await scene(t, { KEY: "old" });
  await openProfile(page, "production");
  await changeSecret(page, "KEY", "mine");
  await push(cli, { KEY: "theirs" });
  assert.equal(await pressSave(page), "stale");
  const before = await head(cli);
  // A draft that waits for a decision is not lost by going away: the console asks first.
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Agents" }).click();
  await dialog(page, "Leave without saving?").getByRole("button", { name: "Cancel" }).click();
  assert.equal(await sideShown(page, "your", "KEY"), "mine");
  await stale(page).getByRole("radio", { name: "Keep theirs" }).check();
  await stale(page).getByRole("button", { name: "Done" }).click();
  await stale(page).waitFor({ state: "hidden" });
  assert.equal(await valueShown(page, "KEY"), "theirs");
  assert.equal(await head(cli), before);
  assert.deepEqual(await versions(cli, "KEY"), ["old", "theirs"]);
});

test("a secret that one deletes while the other changes it asks too", async (t) => {
  const { cli, page } = await scene(t, { GONE: "old", CHANGED: "old", STAYS: "as it is" });
  await openProfile(page, "production");
  await changeSecret(page, "GONE", "wanted by the console");
  await page.getByLabel("Select CHANGED").check();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await cli.ok(["secret", "delete", "GONE", "--profile", "production", "--yes"]);
  await push(cli, { CHANGED: "wanted by the command line" });
  assert.equal(await pressSave(page), "stale");
  const clash = (/** @type {string} */ name) => stale(page).getByRole("group", { name, exact: true });
  await clash("GONE").getByText("Deleted", { exact: true }).waitFor();
  await clash("CHANGED").getByText("Deleted", { exact: true }).waitFor();
  await clash("GONE").getByRole("radio", { name: "Keep yours" }).check();
  await clash("CHANGED").getByRole("radio", { name: "Keep theirs" }).check();
  assert.equal(await saveStale(page), "saved");
  assert.deepEqual(await cli.pull("production"), { GONE: "wanted by the console", CHANGED: "wanted by the command line", STAYS: "as it is" });
});
