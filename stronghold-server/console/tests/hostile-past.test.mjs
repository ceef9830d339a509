/** A server that forges the past or goes back to it, shown to a browser that knows better: the red screen, also after a reload. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createGroup, dialog, folderFor, lock, open, openProfile, openTab, randomWord, recover, signIn, signInAgain, startServer } from "./harness.mjs";
import { EVERYTHING, flipped, lieAbout, push, redScreen, scene, tryOpenProfile, WORDS } from "./harness/liar.mjs";

/** @typedef {import("./harness/liar.mjs").Scene} Scene */

const RECORDS = /\/audit\/records/;
const CHECKPOINT = /\/audit\/checkpoint/;

/**
 * Stops the server and starts it again, on other data or on its own.
 * @param {import("node:test").TestContext} t
 * @param {Scene} it
 * @param {string} [dataDir]
 */
async function startAgain(t, it, dataDir = it.server.dataDir) {
  await it.server.stop();
  it.server = await startServer(t, { wire: it.wire, dataDir });
}

/** A copy of the data as it is now. @param {import("node:test").TestContext} t @param {Scene} it */
async function dataOf(t, it) {
  const copy = join(folderFor(t), "data");
  await it.server.stop();
  cpSync(it.server.dataDir, copy, { recursive: true });
  await startAgain(t, it);
  return copy;
}

test("a server that is rolled back as a whole is a red screen, also after a reload: the floors are kept", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  const newer = randomWord();
  await push(it.cli, { NEWER: newer });
  const tab = await openTab(t, it.server);
  const { page } = tab;
  await signIn(tab, it.owner);
  await openProfile(page, "production");
  await page.getByRole("button", { name: "NEWER", exact: true }).waitFor();
  await open(page, "Agents");
  await startAgain(t, it, old);
  // An old client of this server sees nothing wrong: all of it was once true.
  const stranger = await openTab(t, it.server);
  await signIn(stranger, it.owner);
  await openProfile(stranger.page, "production");
  await stranger.page.getByRole("button", { name: WORDS.name, exact: true }).waitFor();
  const hidden = [...EVERYTHING, newer, "NEWER"];
  await tryOpenProfile(page);
  t.diagnostic(await redScreen(it.wire, tab, hidden));
  await signInAgain(tab, it.owner.password);
  await tryOpenProfile(page);
  t.diagnostic(`after signing in again: ${await redScreen(it.wire, tab, hidden)}`);
  // The address still leads to the profile.
  await page.reload();
  await page.getByLabel("Password", { exact: true }).fill(it.owner.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  t.diagnostic(`after a reload: ${await redScreen(it.wire, tab, hidden)}`);
});

test("a directory that is rolled back is a red screen before anything is shown", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  await signIn(tab, it.owner);
  await createGroup(page, "newer group");
  await startAgain(t, it, old);
  await page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange")));
  t.diagnostic(await redScreen(it.wire, tab, [...EVERYTHING, "newer group", "deploy"]));
  await page.reload();
  await page.getByLabel("Password", { exact: true }).fill(it.owner.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  t.diagnostic(`after a reload: ${await redScreen(it.wire, tab, [...EVERYTHING, "newer group", "deploy"])}`);
});

test("a directory that is rolled back is a red screen for whoever recovers on a device that knows better", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  await signIn(tab, it.owner);
  await createGroup(page, "newer group");
  await lock(tab);
  await startAgain(t, it, old);
  // A device that remembers nothing is shown what was true once.
  const stranger = await openTab(t, it.server);
  const { accountKey } = await recover(stranger, it.owner);
  assert.notEqual(accountKey, it.owner.accountKey);
  await tab.go("recover");
  await page.getByLabel("Recovery kit").fill(it.owner.recoveryKit);
  const password = randomWord();
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password again").fill(password);
  await page.getByRole("button", { name: "Set the new password", exact: true }).click();
  t.diagnostic(await redScreen(it.wire, tab, [...EVERYTHING, "newer group", "deploy"]));
});

const REVISIONS = /\/profiles\/[^/]+\/revisions/;
const VERSIONS = /\/profiles\/[^/]+\/versions/;

test("a forged past is a red screen", async (t) => {
  const it = await scene(t);
  /** @type {Record<string, [RegExp, (body: any) => void]>} */
  const lies = {
    "a revision left out": [REVISIONS, (body) => void body.revisions.splice(1, 1)],
    "a flipped byte in a revision": [REVISIONS, ({ revisions }) => void (revisions.at(-1).manifest.payload = flipped(revisions.at(-1).manifest.payload))],
  };
  for (const [name, [path, change]] of Object.entries(lies)) {
    await t.test(name, async (t) => {
      const tab = await openTab(t, it.server);
      await signIn(tab, it.owner);
      await openProfile(tab.page, "production");
      const told = lieAbout(it, path, change);
      await tab.page.getByRole("tab", { name: "History" }).click();
      t.diagnostic(await redScreen(it.wire, tab, EVERYTHING));
      assert.ok(told() > 0);
      it.wire.alter = undefined;
    });
  }
  await t.test("another ciphertext for a former version", async (t) => {
    const tab = await openTab(t, it.server);
    const { page } = tab;
    await signIn(tab, it.owner);
    await openProfile(page, "production");
    await page.getByRole("button", { name: WORDS.name, exact: true }).click();
    await dialog(page, WORDS.name).getByRole("button", { name: "History" }).click();
    const told = lieAbout(it, VERSIONS, ({ versions }) => versions.forEach((/** @type {any} */ { secret }) => (secret.sealed.value = flipped(secret.sealed.value))));
    await dialog(page, `History of ${WORDS.name}`).getByRole("button", { name: "Show version 1" }).click();
    t.diagnostic(await redScreen(it.wire, tab, EVERYTHING));
    assert.ok(told() > 0);
    it.wire.alter = undefined;
  });
});

test("a forged audit log is a red screen when it is verified", async (t) => {
  const it = await scene(t);
  /** @type {Record<string, [RegExp, (body: any) => unknown]>} */
  const lies = {
    "a flipped byte in a record": [RECORDS, ({ records }) => void (records[3] = flipped(records[3]))],
    "a record left out": [RECORDS, ({ records }) => void records.splice(3, 1)],
    "two records swapped": [RECORDS, ({ records }) => void ([records[3], records[4]] = [records[4], records[3]])],
    "another address in a record": [RECORDS, ({ records }) => void (records[3] = Buffer.from(Buffer.from(records[3], "base64url").toString().replace("127.0.0.1", "203.0.113.9")).toString("base64url"))],
    "another organization's records": [RECORDS, () => it.others(RECORDS)],
    "another organization's checkpoint": [CHECKPOINT, () => it.others(CHECKPOINT)],
    "a checkpoint that nobody signed": [CHECKPOINT, (body) => void (body.checkpoint = body.checkpoint.replace(/\n(\d+)\n/, (/** @type {string} */ _, /** @type {string} */ size) => `\n${Number(size) - 1}\n`))],
  };
  for (const [name, [path, change]] of Object.entries(lies)) {
    await t.test(name, async (t) => {
      const tab = await openTab(t, it.server);
      await signIn(tab, it.owner);
      await open(tab.page, "Audit");
      await tab.page.getByRole("row").nth(3).waitFor();
      const told = lieAbout(it, path, change);
      await tab.page.getByRole("button", { name: "Verify the log" }).click();
      t.diagnostic(await redScreen(it.wire, tab, EVERYTHING));
      assert.ok(told() > 0);
      it.wire.alter = undefined;
    });
  }
  await t.test("a log that does not continue the one that was verified here", async (t) => {
    const old = await dataOf(t, it);
    const tab = await openTab(t, it.server);
    const { page } = tab;
    await signIn(tab, it.owner);
    await open(page, "Audit");
    for (let turn = 0; turn < 2; turn += 1) {
      await page.getByRole("button", { name: "Verify the log" }).click();
      await page.getByText(/^Verified: \d+ records$/).first().waitFor();
    }
    await startAgain(t, it, old);
    await page.reload();
    await signInAgain(tab, it.owner.password);
    await page.getByRole("button", { name: "Verify the log" }).click();
    t.diagnostic(await redScreen(it.wire, tab, EVERYTHING));
  });
});
