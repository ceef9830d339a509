/** What a browser remembers of an organization: one store for all its tabs, enforced after a reload, and what happens where it cannot be kept. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createGroup, folderFor, lock, open, openProfile, openTab, randomWord, seesPage, signIn, signInAgain, startServer, storageOf } from "./harness.mjs";
import { EVERYTHING, push, redScreen, scene, tryOpenProfile, trySignIn, WORDS } from "./harness/liar.mjs";

/** @typedef {import("./harness/liar.mjs").Scene} Scene */
/** @typedef {import("./harness/browser.mjs").Tab} Tab */

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

/** The worker of a tab, which owns what is remembered. @param {Tab} tab */
const workerOf = ({ page }) => page.workers()[0] ?? assert.fail("there is no worker");

/** What the browser remembers, as text. @param {Tab} tab @returns {Promise<string[]>} */
async function remembered(tab) {
  return ((await storageOf(tab)).indexedDB["stronghold"]?.["memory"] ?? []).map(({ value }) => String(value));
}

/** What the floor of a profile's revision is in the one entry. @param {Tab} tab */
async function revisionOf(tab) {
  const [entry = "{}"] = await remembered(tab);
  return JSON.parse(entry).profiles.map((/** @type {{ revision: number }} */ { revision }) => revision);
}

/** Has a tab look for what is new. @param {Tab} tab */
const lookAgain = ({ page }) => page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange")));

/** A warning that was shown. @param {Tab} tab */
const warnings = ({ page }) => page.locator(".toast.bad");

test("what one tab has seen is enforced in another", async (t) => {
  const it = await scene(t);
  const first = await openTab(t, it.server);
  await signIn(first, it.owner);
  const second = await first.beside();
  await signInAgain(second, it.owner.password);
  const old = await dataOf(t, it);
  const newer = randomWord();
  await push(it.cli, { NEWER: newer });
  await openProfile(first.page, "production");
  await first.page.getByRole("button", { name: "NEWER", exact: true }).waitFor();
  await first.page.close();
  await startAgain(t, it, old);
  await tryOpenProfile(second.page);
  t.diagnostic(await redScreen(it.wire, second, [...EVERYTHING, newer, "NEWER"]));
});

test("a server that is put back is refused after a reload, although nothing else is kept", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  await push(it.cli, { NEWER: randomWord() });
  const tab = await openTab(t, it.server);
  await signIn(tab, it.owner, { remember: false });
  await openProfile(tab.page, "production");
  await tab.page.getByRole("button", { name: "NEWER", exact: true }).waitFor();
  await startAgain(t, it, old);
  await tab.page.reload();
  const kept = (await storageOf(tab)).indexedDB["stronghold"] ?? {};
  assert.deepEqual(kept["organizations"], []);
  assert.equal(kept["memory"]?.length, 1);
  await trySignIn(tab, it.owner);
  t.diagnostic(await redScreen(it.wire, tab, [...EVERYTHING, "NEWER"]));
});

test("own writes are remembered before the server is asked again", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  const tab = await openTab(t, it.server);
  await signIn(tab, it.owner);
  await createGroup(tab.page, "written here");
  // Ended at once: nothing was read after the write but what the page itself reads again.
  await tab.page.close();
  await startAgain(t, it, old);
  const next = await tab.beside();
  await next.page.getByLabel("Password", { exact: true }).fill(it.owner.password);
  await next.page.getByRole("button", { name: "Sign in", exact: true }).click();
  t.diagnostic(await redScreen(it.wire, next, [...EVERYTHING, "written here"]));
});

test("two tabs that are shown two histories: the second is refused", async (t) => {
  const it = await scene(t);
  const first = await openTab(t, it.server);
  await signIn(first, it.owner);
  const second = await first.beside();
  await signInAgain(second, it.owner.password);
  const common = await dataOf(t, it);
  await createGroup(first.page, "of one history");
  await first.page.close();
  await startAgain(t, it, common);
  // The other history is longer: the number of statements alone says nothing.
  await it.cli.ok(["group", "create", "of another"]);
  await it.cli.ok(["group", "create", "and longer"]);
  await lookAgain(second);
  t.diagnostic(await redScreen(it.wire, second, [...EVERYTHING, "of another", "and longer"]));
});

test("a tab that read before another one wrote takes nothing back", async (t) => {
  const it = await scene(t);
  const first = await openTab(t, it.server);
  await signIn(first, it.owner);
  const second = await first.beside();
  await signInAgain(second, it.owner.password);
  // Whatever the second tab reads is what is there now, until it tries to write on top of that.
  await workerOf(second).evaluate(async () => {
    const real = IDBObjectStore.prototype.get;
    /** @type {unknown} */
    let stale = await new Promise((resolve) => {
      const request = indexedDB.open("stronghold");
      request.onsuccess = () => {
        const entries = request.result.transaction("memory").objectStore("memory").getAll();
        entries.onsuccess = () => resolve(entries.result[0]);
      };
    });
    IDBObjectStore.prototype.get = function (key) {
      const request = real.call(this, key);
      if (this.name === "memory" && this.transaction.mode === "readwrite") {
        stale = undefined;
      }
      return this.name !== "memory" || stale === undefined ? request : /** @type {any} */ ({ result: stale });
    };
  });
  await push(it.cli, { NEWER: randomWord() });
  await openProfile(first.page, "production");
  await first.page.getByRole("button", { name: "NEWER", exact: true }).waitFor();
  const known = await revisionOf(first);
  await createGroup(second.page, "of the second tab");
  await first.page.close();
  assert.deepEqual(await revisionOf(second), known, "the first tab's floor is still there");
});

test("a store that cannot be written is one warning, and floors hold within the session", async (t) => {
  const it = await scene(t);
  const tab = await openTab(t, it.server);
  await signIn(tab, it.owner);
  const before = await remembered(tab);
  await workerOf(tab).evaluate(() => {
    IDBObjectStore.prototype.put = function () {
      this.transaction.abort();
      return /** @type {any} */ ({});
    };
  });
  await createGroup(tab.page, "first");
  await warnings(tab).getByText(/cannot be remembered.*could show something older next time\.$/).waitFor();
  const old = await dataOf(t, it);
  await createGroup(tab.page, "second");
  await openProfile(tab.page, "production");
  await tab.page.getByRole("button", { name: WORDS.name, exact: true }).waitFor();
  assert.equal(await warnings(tab).count(), 1, "it is said once");
  assert.deepEqual(await remembered(tab), before);
  await startAgain(t, it, old);
  await lookAgain(tab);
  t.diagnostic(await redScreen(it.wire, tab, [...EVERYTHING, "first", "second"]));
});

test("a browser that refuses storage is one warning, and floors hold until it locks", async (t) => {
  const it = await scene(t);
  const old = await dataOf(t, it);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  // The worker starts with the first check of a key, before anything is remembered.
  await trySignIn(tab, { ...it.owner, accountKey: "none" });
  await page.getByText(/^This is no account key/).waitFor();
  await workerOf(tab).evaluate(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("storage is refused", "SecurityError");
    };
  });
  await signIn(tab, it.owner);
  await warnings(tab).getByText(/^This browser refuses storage/).waitFor();
  await createGroup(page, "newer group");
  assert.equal(await warnings(tab).count(), 1, "it is said once");
  assert.deepEqual(await remembered(tab), []);
  await startAgain(t, it, old);
  await lookAgain(tab);
  t.diagnostic(await redScreen(it.wire, tab, [...EVERYTHING, "newer group"]));
});

test("a damaged entry is refused, with what to do, and nothing is written over it", async (t) => {
  const it = await scene(t);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  await signIn(tab, it.owner);
  await lock(tab);
  for (const damage of ["short", "text"]) {
    await page.evaluate(async (damage) => {
      /** @type {IDBDatabase} */
      const database = await new Promise((resolve) => {
        const request = indexedDB.open("stronghold");
        request.onsuccess = () => resolve(request.result);
      });
      const entries = database.transaction("memory", "readwrite").objectStore("memory");
      const keys = entries.getAllKeys();
      keys.onsuccess = () => void entries.put(damage === "short" ? new Uint8Array([123, 34]) : "text", keys.result[0]);
      await new Promise((resolve) => {
        entries.transaction.oncomplete = resolve;
      });
      database.close();
    }, damage);
    const kept = await remembered(tab);
    await page.getByLabel("Password", { exact: true }).fill(it.owner.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    const said = await page.getByRole("alert").filter({ hasText: /./ }).innerText();
    assert.match(said, damage === "short" ? /is damaged; delete it only if you accept that older secrets may be shown\.$/ : /^What is remembered on this device cannot be read/);
    assert.deepEqual(await remembered(tab), kept);
    await page.reload();
    await seesPage(page, "Sign in");
  }
});

test("a profile that was replaced is told before anything is done with it, until that is accepted", async (t) => {
  const it = await scene(t);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  await signIn(tab, it.owner);
  await openProfile(page, "production");
  await page.getByRole("button", { name: WORDS.name, exact: true }).waitFor();
  await open(page, "Agents");
  await it.cli.ok(["profile", "delete", "production", "--yes"]);
  await it.cli.ok(["profile", "create", "production"]);
  await it.cli.ok(["env", "push", "--profile", "production", "--format", "json", "-"], { input: JSON.stringify({ OTHER: randomWord() }) });
  await lookAgain(tab);
  await tryOpenProfile(page);
  await page.getByText("This is another profile than before.").waitFor();
  assert.equal(await page.getByRole("button", { name: "OTHER", exact: true }).count(), 0);
  await page.getByRole("button", { name: "Accept the new profile" }).click();
  await page.getByRole("button", { name: "OTHER", exact: true }).waitFor();
  await lock(tab);
  await signInAgain(tab, it.owner.password);
  await openProfile(page, "production");
  await page.getByRole("button", { name: "OTHER", exact: true }).waitFor();
});
