/** A server that lies to a browser, one way at a time: each ends in the red screen, in words, with nothing of the lie shown. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  createGroup, dialog, dialogClosed, folderFor, open, openProfile, openTab, organizationOn, randomWord, seesPage, seesShell, signIn, signInAgain, startServer, startWire, wholePage,
} from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./harness.mjs").Tab} Tab */
/** @typedef {Awaited<ReturnType<typeof scene>>} Scene */

/** Values and a name that no screen may show once the server has lied. */
const WORDS = { oldKey: randomWord(), newKey: randomWord(), password: randomWord(), name: `NAME_${randomWord(6)}` };

/** @param {import("./harness.mjs").Cli} cli @param {Record<string, string>} secrets */
async function push(cli, secrets) {
  await cli.ok(["env", "push", "--profile", "production", "--format", "json", "-"], { input: JSON.stringify(secrets) });
}

/**
 * An organization behind a wire: a profile at its second revision, and what the wire carried meanwhile.
 * @param {import("node:test").TestContext} t
 */
async function scene(t) {
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

const DIRECTORY = /\/directory\?from=/;
const WHOLE_DIRECTORY = /\/directory\?from=0$/;
const READ = /\/profiles\/[^/]+\/read/;
const RECORDS = /\/audit\/records/;
const CHECKPOINT = /\/audit\/checkpoint/;

/** Another byte in the middle. @param {string} base64 */
function flipped(base64) {
  const bytes = Buffer.from(base64, "base64url");
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString("base64url");
}

/** Whether a browser asked, and not the command line, which goes through the same wire. @param {import("./harness/wire.mjs").Exchange} exchange */
const byBrowser = ({ requestHeaders }) => requestHeaders.some((header) => /^sec-fetch-site$/i.test(header));

/**
 * Has the server lie to browsers wherever a path matches. Gives how often it did.
 * @param {Scene} scene
 * @param {RegExp} path
 * @param {(body: any) => unknown} change changes the body in place, or gives another one
 */
function lieAbout({ wire }, path, change) {
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

/** Gives what was typed, and does not wait for what comes of it. @param {Tab} tab @param {import("./harness.mjs").Person} owner */
async function trySignIn({ page }, { email, password, accountKey }) {
  await seesPage(page, "Sign in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Account key", { exact: true }).fill(accountKey);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** @param {Page} page */
async function tryOpenProfile(page) {
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
async function redScreen(wire, tab, hidden) {
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

const EVERYTHING = Object.values(WORDS);

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

/** What is no lie: somebody between, or the server itself, cannot or will not. */
const OUTAGES = /** @type {const} */ ({
  "503 of the server": { status: 503, body: JSON.stringify({ type: "urn:stronghold:problem:unavailable", title: "The server cannot serve now", status: 503, code: "unavailable", detail: "try again later" }) },
  "503 of something before it": { status: 503, body: "<html><body><h1>503 Service Unavailable</h1></body></html>" },
  "502 without a body": { status: 502, body: "" },
  "401": { status: 401, body: JSON.stringify({ type: "urn:stronghold:problem:unauthenticated", title: "Not authenticated", status: 401, code: "unauthenticated", detail: "check that the token is complete" }) },
  "403": { status: 403, body: JSON.stringify({ type: "urn:stronghold:problem:forbidden", title: "Not allowed", status: 403, code: "forbidden", detail: "your role may not" }) },
  "no connection": { status: 0, body: "" },
});

/** Answers every request to the interface with an outage. @param {Scene} it @param {keyof typeof OUTAGES} outage @param {RegExp} [path] */
function breakDown({ wire }, outage, path = /^\/v1\//) {
  const { status, body } = OUTAGES[outage];
  wire.alter = (exchange) => {
    if (!path.test(exchange.path) || !byBrowser(exchange)) {
      return undefined;
    }
    if (status === 0) {
      throw new Error("the connection breaks");
    }
    exchange.status = status;
    exchange.responseHeaders = ["content-type", body.startsWith("{") ? "application/problem+json" : "text/html"];
    return body;
  };
}

test("refusals and outages are plain errors beside what they stopped, and pass", async (t) => {
  const it = await scene(t);
  for (const outage of /** @type {(keyof typeof OUTAGES)[]} */ (Object.keys(OUTAGES))) {
    await t.test(outage, async (t) => {
      const tab = await openTab(t, it.server);
      const { page } = tab;
      tab.expect(/Failed to load resource/);
      const plain = async () => assert.equal(await page.locator("main.integrity").count(), 0, "it is no integrity screen");
      breakDown(it, outage);
      await trySignIn(tab, it.owner);
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await plain();
      await seesPage(page, "Sign in");
      it.wire.alter = undefined;
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await seesShell(page);
      breakDown(it, outage);
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Profiles" }).click();
      await page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
      await plain();
      // Once it answers again, that is seen without signing in again.
      it.wire.alter = undefined;
      await open(page, "Agents");
      await page.getByText(/The server (refuses|cannot be reached)/).waitFor({ state: "hidden" });
      await openProfile(page, "production");
      const name = `TYPED_${outage.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
      await page.getByRole("button", { name: "Add secret" }).click();
      const editor = dialog(page, "Add secret");
      await editor.getByLabel("Name", { exact: true }).fill(name);
      await editor.getByLabel("Value", { exact: true }).fill("typed");
      await editor.getByRole("button", { name: "Add to changes" }).click();
      await dialogClosed(page);
      breakDown(it, outage);
      const bar = page.getByRole("region", { name: "Changes that are not saved" });
      await bar.getByRole("button", { name: "Save", exact: true }).click();
      await bar.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await plain();
      it.wire.alter = undefined;
      // The draft is there still, and saved with the next press.
      await bar.getByRole("button", { name: "Save", exact: true }).click();
      await bar.waitFor({ state: "hidden" });
      assert.equal((await it.cli.pull("production"))[name], "typed");
      await plain();
    });
  }
});

test("saving that fails after a choice between theirs and yours says so, and keeps yours", async (t) => {
  const it = await scene(t);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  tab.expect(/Failed to load resource/);
  await signIn(tab, it.owner);
  await openProfile(page, "production");
  await page.getByRole("button", { name: "PASSWORD", exact: true }).click();
  await dialog(page, "PASSWORD").getByRole("button", { name: "Give a new value" }).click();
  await dialog(page, "PASSWORD").getByLabel("Value", { exact: true }).fill("mine");
  await dialog(page, "PASSWORD").getByRole("button", { name: "Keep change" }).click();
  await dialogClosed(page);
  await push(it.cli, { PASSWORD: "theirs" });
  const bar = page.getByRole("region", { name: "Changes that are not saved" });
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("radio", { name: "Keep yours" }).check();
  breakDown(it, "503 of the server", /\/revisions/);
  await page.getByRole("region", { name: "The profile changed before you saved" }).getByRole("button", { name: "Save", exact: true }).click();
  await bar.getByRole("alert").filter({ hasText: /./ }).waitFor();
  it.wire.alter = undefined;
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await bar.waitFor({ state: "hidden" });
  assert.equal((await it.cli.pull("production"))["PASSWORD"], "mine");
});
