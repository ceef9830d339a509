/** What the package `stronghold-wasm` remembers in a store of the host's: enforced in the next process, shared, and refused where it is missing. */
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Agent, Session } from "stronghold-wasm";
import { folderFor, organizationOn, randomWord, startServer, startWire } from "./harness.mjs";
import { mapStore, scene, thrownBy } from "./harness/package.mjs";

test("an agent with a store refuses, in the next process too, what is older than it has seen", async (t) => {
  const old = randomWord();
  const wire = await startWire(t);
  const { server, cli, token } = await scene(t, { KEY: old }, wire);
  const copy = join(folderFor(t), "data");
  await server.stop();
  cpSync(server.dataDir, copy, { recursive: true });
  const again = await startServer(t, { wire, dataDir: server.dataDir });
  await cli.ok(["env", "push", "--profile", "production", "--format", "json", "-"], { input: JSON.stringify({ KEY: randomWord() }) });
  const store = mapStore();
  const { revision } = await Agent.fromToken(token, { store }).pull("production");
  assert.equal(store.entries.size, 1);
  await again.stop();
  await startServer(t, { wire, dataDir: copy });
  // Without what was remembered, all of it was once true.
  const forgetful = await Agent.fromToken(token).pull("production");
  assert.equal(forgetful.revision, revision - 1);
  const refused = await thrownBy(() => Agent.fromToken(token, { store }).pull("production"), [token, old]);
  assert.equal(refused.kind, "integrity");
});

test("two agents share a store: what one writes, the other takes up and keeps", async (t) => {
  const { token } = await scene(t, { KEY: randomWord() });
  const store = mapStore();
  let refused = 0;
  /** Another process writes between this one's load and swap, once. */
  const raced = { ...store, swap: async (/** @type {any[]} */ ...[org, before, after]) => {
    if (refused === 0) {
      refused += 1;
      await Agent.fromToken(token, { store }).pull("production");
    }
    return store.swap(org, before, after);
  } };
  await Agent.fromToken(token, { store: raced }).pull("production");
  assert.equal(refused, 1);
  assert.equal(store.entries.size, 1);
});

test("a store that cannot be written is told once; one that cannot be read, or is damaged, is refused", async (t) => {
  const value = randomWord();
  const { token } = await scene(t, { KEY: value });
  /** @type {string[]} */
  const told = [];
  const unwritable = { ...mapStore(), swap: () => Promise.reject(new Error("the disk is full")) };
  const agent = Agent.fromToken(token, { store: unwritable, on_warning: (warning) => void told.push(warning) });
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal((await agent.pull("production")).get("KEY"), value);
  }
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /cannot be remembered.*the disk is full.*something older next time$/);
  for (const load of [() => Promise.reject(new Error("no access")), async () => new Uint8Array([1, 2]), async () => "text", () => assert.fail("thrown at once")]) {
    const unreadable = Agent.fromToken(token, { store: { ...mapStore(), load: /** @type {any} */ (load) } });
    const refused = await thrownBy(() => unreadable.pull("production"), [token, value]);
    assert.equal(refused.kind, "failure");
    assert.match(refused.message, /damaged|cannot be read/);
  }
});

test("nobody is signed in without saying where to remember", async (t) => {
  const server = await startServer(t);
  const { owner } = await organizationOn(t, server);
  const credentials = { account_key: owner.accountKey, email: owner.email, password: owner.password };
  for (const memory of [undefined, null, "elsewhere", {}, { load: async () => undefined }]) {
    const refused = await thrownBy(() => Session.signIn(server.url, credentials, /** @type {any} */ (memory)), [owner.password, owner.accountKey]);
    assert.match(refused.message, /^say where to remember/);
    assert.match((await thrownBy(() => Session.changePassword(server.url, { ...credentials, new_password: randomWord(), new_account_key: false }, /** @type {any} */ (memory)))).message, /^say where to remember/);
  }
  const session = await Session.signIn(server.url, credentials, "inProcess");
  assert.equal((await session.me()).email, owner.email);
  await session.close();
  const store = mapStore();
  const remembering = await Session.signIn(server.url, credentials, store);
  await remembering.createGroup("remembered");
  await remembering.close();
  const [entry] = store.entries.values();
  assert.ok(JSON.parse(Buffer.from(entry ?? []).toString()).header.seq > 0);
});

test("a profile that was replaced is refused, whatever is asked of it, until that is accepted", async (t) => {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  const credentials = { account_key: owner.accountKey, email: owner.email, password: owner.password };
  const store = mapStore();
  const session = await Session.signIn(server.url, credentials, store);
  await session.createProfile("production");
  const { group_id: group } = await session.createGroup("deploy");
  await cli.ok(["profile", "delete", "production", "--yes"]);
  await cli.ok(["profile", "create", "production"]);
  await session.sync();
  const [listed] = await session.profiles();
  const id = listed?.profile_id ?? "";
  assert.equal(listed?.replaced, true);
  const calls = [
    () => session.openProfile(id),
    () => session.edit(id, { set: [{ name: "KEY", value: "value" }] }),
    () => session.grant(group, id, "read"),
    () => session.revoke(group, id),
    () => session.profileHistory(id),
    () => session.renameProfile(id, "other"),
    () => session.rotateProfile(id),
    () => session.deleteProfile(id),
  ];
  for (const call of calls) {
    assert.match((await thrownBy(call)).message, /^another profile had the name production on this device/);
  }
  await session.acceptReplaced(id);
  assert.equal((await session.profiles())[0]?.replaced, false);
  assert.equal((await session.openProfile(id)).name, "production");
  await session.close();
  const later = await Session.signIn(server.url, credentials, store);
  assert.equal((await later.openProfile(id)).name, "production");
  await later.close();
});
