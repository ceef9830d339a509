/** What is secret is where it must be and nowhere else: not in the page, not in any storage, not on the wire, not at the server. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { accept, addSecret, agentCli, confirm, createAgent, createGroup, createProfile, dialog, findNeedles, grant, invite, keepToken, lock, openAgent, openProfile, openTab, randomWord, recover, saveDraft, seesPage, signIn, signInAgain, signUp, startServer, startWire, storageOf, wholePage } from "./harness.mjs";

/** @typedef {Record<string, string | Uint8Array>} Needles */

/**
 * The bytes of base32 without padding, which keys and tokens are written in.
 * @param {string} text
 */
function fromBase32(text) {
  let bits = "";
  for (const character of text.toLowerCase()) {
    bits += "abcdefghijklmnopqrstuvwxyz234567".indexOf(character).toString(2).padStart(5, "0");
  }
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2));
}

/**
 * A printed key or token as needles: the whole text, and the secret within as bytes and as the part of the text that it is. Both kinds begin
 * with 51 bytes that are no secret: format, and the ids of the organization and of whom it is for.
 * @param {string} name
 * @param {string} text
 * @param {number} [secretBytes] what is left without a checksum of four bytes, unless something follows
 * @returns {Needles}
 */
function printed(name, text, secretBytes) {
  const body = text.slice(text.lastIndexOf("_") + 1);
  const bytes = fromBase32(body);
  const end = secretBytes === undefined ? bytes.length - 4 : 51 + secretBytes;
  assert.ok(end - 51 >= 16, `${name} holds a secret`);
  return { [name]: text, [`the secret of the ${name}`]: bytes.subarray(51, end), [`the text of that of the ${name}`]: body.slice(82, Math.floor((end * 8) / 5)) };
}

/** @param {string} folder */
function everyFile(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => ({ name: entry.name, bytes: readFileSync(join(entry.parentPath, entry.name)) }));
}

/**
 * Holds that a tab keeps nothing but the one database, in it nothing but what is documented, and no needle in the page or anywhere.
 * @param {import("./harness.mjs").Tab} tab
 * @param {Needles} needles
 * @param {string[]} accountKeys those that may be kept
 */
async function keepsNothing(tab, needles, accountKeys) {
  const kept = await storageOf(tab);
  const organizations = kept.indexedDB["stronghold"]?.["organizations"] ?? [];
  const { indexedDB: databases, entries, ...others } = kept;
  assert.deepEqual(others, { localStorage: {}, sessionStorage: {}, cookies: "", caches: [], serviceWorkers: [], files: [], windowName: "", historyState: null, allCookies: [] });
  assert.deepEqual(Object.keys(databases), ["stronghold"]);
  assert.deepEqual(Object.keys(databases["stronghold"] ?? {}).sort(), ["memory", "organizations", "settings"]);
  for (const { value } of organizations) {
    const { org_id: id, email = "", account_key: key, ...rest } = /** @type {Record<string, string>} */ (value);
    assert.deepEqual(rest, {}, "nothing else is kept of an organization");
    assert.ok(key === undefined || accountKeys.includes(key));
    assert.deepEqual(findNeedles(needles, `${id} ${email}`), []);
  }
  for (const { value } of databases["stronghold"]?.["memory"] ?? []) {
    assert.equal(typeof value, "string");
    assert.deepEqual(findNeedles(needles, String(value)), [], "what is remembered is no secret");
  }
  for (const { key, value } of databases["stronghold"]?.["settings"] ?? []) {
    assert.equal(key, "settings");
    assert.deepEqual(Object.keys(/** @type {object} */ (value)).sort(), ["auto_lock_minutes", "theme"]);
  }
  const session = await tab.context.newCDPSession(tab.page);
  const history = JSON.stringify([entries, await session.send("Page.getNavigationHistory")]);
  await session.detach();
  assert.ok(entries.every((entry) => entry.state === null), "nothing is in the state of the history");
  assert.deepEqual(findNeedles(needles, history), [], "no address holds a secret");
  assert.deepEqual(findNeedles(needles, await wholePage(tab.page)), [], "the page holds nothing");
}

test("tokens, keys and values leave no trace in page, storage, history, traffic, log and database", async (t) => {
  const wire = await startWire(t);
  const server = await startServer(t, { wire });
  const tab = await openTab(t, server);
  const { page } = tab;
  const secret = { name: `NAME_${randomWord()}`, value: `value ${randomWord(30)}`, note: `note ${randomWord()}` };
  const later = `value ${randomWord(30)}`;
  const imported = { name: `IMPORTED_${randomWord()}`, value: randomWord(30) };
  /** @type {Needles} */
  let needles = { ...secret, later, "imported name": imported.name, "imported value": imported.value };

  const owner = await signUp(tab, server);
  needles = { ...needles, "password": owner.password, ...printed("account key", owner.accountKey), ...printed("recovery kit", owner.recoveryKit) };
  await keepsNothing(tab, needles, [owner.accountKey]);

  await createProfile(page, "production");
  await addSecret(page, secret);
  await saveDraft(page);
  await createGroup(page, "deploy");
  await grant(page, "production");
  const agentName = `CI pipeline ${randomWord(6)}`;
  const token = await createAgent(page, agentName, { groups: ["deploy"] });
  needles = { ...needles, ...printed("token", token, 32) };
  await keepsNothing(tab, needles, [owner.accountKey]);
  assert.deepEqual(await (await agentCli(t, token)).pull("production"), { [secret.name]: secret.value });

  // A token made by rotation, and going back and forth through the history afterwards.
  await openAgent(page, agentName);
  await page.getByRole("button", { name: "Rotate token" }).click();
  await dialog(page).getByRole("radio", { name: "Good for 1 hour" }).check();
  await dialog(page).getByRole("button", { name: "Make a new token" }).click();
  const rotated = await keepToken(page, agentName);
  needles = { ...needles, ...printed("rotated token", rotated, 32) };
  await keepsNothing(tab, needles, [owner.accountKey]);
  await page.goBack();
  await seesPage(page, "Agents");
  await page.goForward();
  await seesPage(page, new RegExp(agentName));
  await keepsNothing(tab, needles, [owner.accountKey]);

  // Values that were shown, changed and imported.
  await openProfile(page, "production");
  await page.getByRole("button", { name: `Show the value of ${secret.name}` }).click();
  await page.getByText(secret.value, { exact: true }).waitFor();
  await page.getByRole("button", { name: secret.name, exact: true }).click();
  await dialog(page, secret.name).getByRole("button", { name: "Give a new value" }).click();
  await dialog(page).getByLabel("Value", { exact: true }).fill(later);
  await dialog(page).getByRole("button", { name: "Keep change" }).click();
  await saveDraft(page);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await dialog(page).getByLabel("Or paste it").fill(`${imported.name}=${imported.value}\n`);
  await dialog(page).getByRole("button", { name: "Look at what it would do" }).click();
  await dialog(page).getByRole("button", { name: "Import 1 secret" }).click();
  await page.getByRole("button", { name: imported.name, exact: true }).waitFor();
  await tab.go("agents");
  await seesPage(page, "Agents");
  await keepsNothing(tab, needles, [owner.accountKey]);

  // Somebody else: the code, their password and keys, and those after a recovery.
  const email = "mei@acme.example";
  const code = await invite(page, email, { groups: ["deploy"] });
  needles = { ...needles, "invitation code": code };
  await keepsNothing(tab, needles, [owner.accountKey]);
  const theirs = await openTab(t, server);
  const member = await accept(theirs, { code, email });
  needles = { ...needles, "member's password": member.password, ...printed("member's account key", member.accountKey), ...printed("member's recovery kit", member.recoveryKit) };
  await confirm(page, email);
  const elsewhere = await openTab(t, server);
  const recovered = await recover(elsewhere, member);
  needles = { ...needles, "new password": recovered.password, ...printed("new account key", recovered.accountKey) };
  await keepsNothing(tab, needles, [owner.accountKey]);
  await keepsNothing(theirs, needles, [member.accountKey]);
  await keepsNothing(elsewhere, needles, [recovered.accountKey]);

  // A password is changed, with a new account key.
  await tab.go("account");
  await page.getByLabel("Present password").fill(owner.password);
  const changed = randomWord();
  await page.getByLabel("New password", { exact: true }).fill(changed);
  await page.getByLabel("New password again").fill(changed);
  await page.getByLabel("Make a new account key too").check();
  await page.getByRole("button", { name: "Change password" }).click();
  const shown = page.getByRole("region", { name: "Account key", exact: true });
  const newKey = await shown.getByRole("status").innerText();
  await shown.getByLabel("I have kept the account key").check();
  await shown.getByRole("button", { name: "Done" }).click();
  await page.getByLabel("Present password").waitFor();
  needles = { ...needles, "changed password": changed, ...printed("owner's new account key", newKey) };
  await keepsNothing(tab, needles, [newKey]);

  // A page that is loaded anew has forgotten everything, forms too.
  await page.reload();
  await seesPage(page, "Sign in");
  await keepsNothing(tab, needles, [newKey]);
  await signInAgain(tab, changed);
  await lock(tab);
  await keepsNothing(tab, needles, [newKey]);

  const traffic = wire.bytes;
  const places = [{ name: "the traffic", bytes: traffic }, { name: "the server's log", bytes: Buffer.from(server.log) }, ...everyFile(server.dataDir)];
  for (const { name, bytes } of places) {
    assert.deepEqual(findNeedles(needles, bytes), [], `${name} holds nothing`);
  }
  // The search finds what is there: the name of an agent is in a signed statement, as base64 of bytes.
  assert.deepEqual(findNeedles({ agent: agentName }, traffic), ["agent"]);
  t.diagnostic(`${Object.keys(needles).length} needles, ${wire.exchanges.length} requests, ${traffic.length} bytes, ${places.length - 2} files`);
});

test("locking ends the worker and leaves nothing of the session in the page", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server);
  const { page } = tab;
  const owner = await signUp(tab, server);
  const secret = { name: `NAME_${randomWord()}`, value: `value ${randomWord(30)}` };
  await createProfile(page, "production");
  await addSecret(page, secret);
  await saveDraft(page);
  const needles = { ...secret, password: owner.password, ...printed("recovery kit", owner.recoveryKit) };

  await page.getByRole("button", { name: `Show the value of ${secret.name}` }).click();
  await page.getByText(secret.value, { exact: true }).waitFor();
  assert.deepEqual(findNeedles({ value: secret.value }, await wholePage(page)), ["value"], "the search finds what is shown");
  const [worker, ...others] = page.workers();
  assert.ok(worker !== undefined && others.length === 0, "one worker has the keys");
  const gone = worker.waitForEvent("close");
  await lock(tab);
  await gone;
  assert.equal(page.workers().length, 0);
  await keepsNothing(tab, needles, [owner.accountKey]);

  // Back leads to no page of the session.
  await page.goBack();
  await seesPage(page, "Sign in");
  await keepsNothing(tab, needles, [owner.accountKey]);
  await signInAgain(tab, owner.password);
});

test("what is not to be remembered is not", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server);
  const owner = await signUp(tab, server);
  const other = await openTab(t, server);
  await signIn(other, owner, { remember: false });
  await keepsNothing(other, { password: owner.password, ...printed("account key", owner.accountKey) }, []);
  await lock(other);
  await other.page.getByLabel("Account key", { exact: true }).waitFor();
  const { organizations, memory } = (await storageOf(other)).indexedDB["stronghold"] ?? {};
  assert.deepEqual([organizations?.length, memory?.length], [0, 1]);

  // An account that is forgotten leaves what was verified, a device that is forgotten nothing.
  await lock(tab);
  await tab.page.getByRole("button", { name: "Forget this account on this device" }).click();
  await tab.page.getByLabel("Account key", { exact: true }).waitFor();
  await keepsNothing(tab, printed("account key", owner.accountKey), []);
  await signIn(tab, owner);
  await tab.go("organization");
  await tab.page.getByRole("button", { name: "Forget this device" }).click();
  await dialog(tab.page).getByLabel(/to confirm$/).fill("forget");
  await dialog(tab.page).getByRole("button", { name: "Forget and lock" }).click();
  await seesPage(tab.page, "Sign in");
  const databases = (await storageOf(tab)).indexedDB;
  assert.deepEqual([databases["stronghold"]?.["organizations"], databases["stronghold"]?.["memory"]], [[], []]);
});
