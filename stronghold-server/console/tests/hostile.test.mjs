/** A server that lies to a browser, one way at a time: each ends in the red screen, in words, with nothing of the lie shown. */
import assert from "node:assert/strict";
import test from "node:test";
import { dialog, open, openProfile, openTab, randomWord, seesShell, signIn } from "./harness.mjs";
import { EVERYTHING, flipped, lieAbout, redScreen, scene, tryOpenProfile, trySignIn, WORDS } from "./harness/liar.mjs";

/** @typedef {import("./harness/liar.mjs").Scene} Scene */

const DIRECTORY = /\/directory\?from=/;
const WHOLE_DIRECTORY = /\/directory\?from=0$/;
const READ = /\/profiles\/[^/]+\/read/;

/**
 * Lies that are told while somebody signs in, who has never been here or remembers nothing.
 * @type {Record<string, (scene: Scene) => () => number>}
 */
const AT_SIGN_IN = {
  "a flipped byte in what a statement says": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void (statements.at(-1).body = flipped(statements.at(-1).body))),
  "a flipped byte in a statement's header": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void (statements.at(-1).header.payload = flipped(statements.at(-1).header.payload))),
  "a flipped byte in a signature": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void (statements[2].header.signatures[0].signature = flipped(statements[2].header.signatures[0].signature))),
  "another genesis": (it) => lieAbout(it, WHOLE_DIRECTORY, ({ statements }) => void (statements[0].body = flipped(statements[0].body))),
  "a statement left out": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void statements.splice(2, 1)),
  "two statements swapped": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void statements.splice(1, 2, statements[2], statements[1])),
  "a statement told twice": (it) => lieAbout(it, DIRECTORY, ({ statements }) => void statements.splice(2, 0, statements[2])),
  "another organization's directory": (it) => lieAbout(it, DIRECTORY, () => it.others(WHOLE_DIRECTORY)),
};

test("a forged directory is a red screen, for somebody who has never been here", async (t) => {
  const it = await scene(t);
  for (const [name, lie] of Object.entries(AT_SIGN_IN)) {
    await t.test(name, async (t) => {
      const tab = await openTab(t, it.server);
      const told = lie(it);
      await trySignIn(tab, it.owner);
      const said = await redScreen(it.wire, tab, [...EVERYTHING, "deploy"]);
      assert.ok(told() > 0);
      t.diagnostic(said);
      it.wire.alter = undefined;
      // The truth is believed again.
      await trySignIn(tab, it.owner);
      await seesShell(tab.page);
    });
  }
});

/** @param {any} body @param {(secrets: any[], others: any[]) => void} change @param {string} [other] */
function changeSecrets(body, change, other) {
  change(body.secrets, other === undefined ? [] : JSON.parse(other).secrets);
}

/**
 * Lies about the secrets of a profile.
 * @type {Record<string, (scene: Scene) => () => number>}
 */
const ABOUT_SECRETS = {
  "the values of two secrets swapped": (it) => lieAbout(it, READ, (body) => changeSecrets(body, ([a, b]) => ([a.value, b.value] = [b.value, a.value]))),
  "two secrets under each other's names": (it) => lieAbout(it, READ, (body) => changeSecrets(body, ([a, b]) => ([a.meta, b.meta, a.value, b.value] = [b.meta, a.meta, b.value, a.value]))),
  "a flipped byte in a value": (it) => lieAbout(it, READ, (body) => changeSecrets(body, ([a]) => (a.value = flipped(a.value)))),
  "the ciphertext of an older revision": (it) =>
    lieAbout(it, READ, (body) => changeSecrets(body, (secrets, old) => secrets.forEach((secret) => Object.assign(secret, old.find(({ id, version }) => id === secret.id && version !== secret.version) ?? {})), it.readAt(it.newest - 1))),
  "only the value of an older revision": (it) =>
    lieAbout(it, READ, (body) => changeSecrets(body, (secrets, old) => secrets.forEach((secret) => (secret.value = old.find(({ id }) => id === secret.id).value)), it.readAt(it.newest - 1))),
  "a secret left out": (it) => lieAbout(it, READ, (body) => changeSecrets(body, (secrets) => secrets.splice(0, 1))),
  "a secret told twice": (it) => lieAbout(it, READ, (body) => changeSecrets(body, (secrets) => secrets.push(secrets[0]))),
  "the whole reply of an older revision": (it) => lieAbout(it, READ, () => it.readAt(it.newest - 1)),
  "the whole reply to somebody else's question": (it) => lieAbout(it, READ, () => it.readAt(it.newest)),
  "an older revision in a new reply": (it) =>
    lieAbout(it, READ, (body) => {
      const { secrets, profile } = JSON.parse(it.readAt(it.newest - 1));
      Object.assign(body, { secrets, profile });
    }),
  "keys that are not the profile's": (it) => lieAbout(it, READ, ({ keys }) => void (keys.profile_key = flipped(keys.profile_key))),
  "a receipt of another request": (it) => lieAbout(it, READ, (body) => void (body.receipt = JSON.parse(it.readAt(it.newest)).receipt)),
};

test("swapped, older and altered ciphertexts are a red screen, also after the profile was seen", async (t) => {
  const it = await scene(t);
  for (const [name, lie] of Object.entries(ABOUT_SECRETS)) {
    await t.test(name, async (t) => {
      const tab = await openTab(t, it.server);
      await signIn(tab, it.owner);
      // It saw the newest revision before.
      await openProfile(tab.page, "production");
      await tab.page.getByRole("button", { name: WORDS.name, exact: true }).waitFor();
      await open(tab.page, "Agents");
      const told = lie(it);
      await tryOpenProfile(tab.page);
      const said = await redScreen(it.wire, tab, EVERYTHING);
      assert.ok(told() > 0);
      t.diagnostic(said);
      it.wire.alter = undefined;
    });
  }
});

/**
 * Lies that begin while somebody is at work.
 * @type {Record<string, (scene: Scene) => () => number>}
 */
const WHILE_AT_WORK = {
  "a forged statement": (it) => lieAbout(it, DIRECTORY, ({ statements }) => statements.forEach((/** @type {any} */ statement) => (statement.body = flipped(statement.body)))),
  "another organization's newest statement": (it) => lieAbout(it, DIRECTORY, (body) => void (body.statements = JSON.parse(it.others(WHOLE_DIRECTORY)).statements.slice(-body.statements.length))),
  "the directory from the beginning again": (it) => lieAbout(it, DIRECTORY, () => it.others(WHOLE_DIRECTORY)),
};

test("a lie while somebody is at work takes the screen, the draft and what was revealed", async (t) => {
  const it = await scene(t);
  for (const [name, lie] of Object.entries(WHILE_AT_WORK)) {
    await t.test(name, async (t) => {
      const tab = await openTab(t, it.server);
      const { page } = tab;
      await signIn(tab, it.owner);
      await openProfile(page, "production");
      await page.getByRole("button", { name: `Show the value of ${WORDS.name}` }).click();
      await page.getByText(WORDS.newKey).waitFor();
      await page.getByRole("button", { name: "Add secret" }).click();
      const typed = randomWord();
      await dialog(page, "Add secret").getByLabel("Value", { exact: true }).fill(typed);
      const told = lie(it);
      await it.cli.ok(["group", "create", `made by ${randomWord(6)}`]);
      await page.evaluate(() => void document.dispatchEvent(new Event("visibilitychange")));
      const said = await redScreen(it.wire, tab, [...EVERYTHING, typed, "made by"]);
      assert.ok(told() > 0);
      t.diagnostic(said);
      it.wire.alter = undefined;
    });
  }
});
