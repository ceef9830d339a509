/** Every lie of the hostile server, told to the package `stronghold-wasm` in Node: to an agent and to a session that remember the truth. */
import assert from "node:assert/strict";
import test from "node:test";
import { Agent, Session } from "stronghold-wasm";
import { betrayed, pushes, TRUTH } from "./harness/liar-server.mjs";

/** Whoever waits longer for an answer that never comes believes nothing. */
const PATIENCE = 10_000;

function mapStore() {
  /** @type {Map<string, Uint8Array>} */
  const entries = new Map();
  const text = (/** @type {Uint8Array | undefined} */ bytes) => bytes && Buffer.from(bytes).toString("latin1");
  return {
    load: async (/** @type {string} */ org) => entries.get(org),
    swap: async (/** @type {string} */ org, /** @type {Uint8Array | undefined} */ before, /** @type {Uint8Array} */ after) => {
      const unchanged = text(entries.get(org)) === text(before);
      unchanged && entries.set(org, after);
      return unchanged;
    },
    /** All of it but how much of the audit log was verified, which grows with each question. */
    kept: () => JSON.stringify([...entries].map(([org, bytes]) => [org, { ...JSON.parse(Buffer.from(bytes).toString()), checkpoint: undefined }])),
  };
}

/** @typedef {Awaited<ReturnType<typeof betrayed>>} Betrayed */
/** @typedef {ReturnType<typeof mapStore>} Store */

/** What an agent reads. @param {Betrayed} scene @param {Store} store */
async function agentReads({ token }, store) {
  return (await Agent.fromToken(token, { store }).pull("production")).get("C");
}

/** What a person reads, who signs in anew and asks everything. @param {Betrayed} scene @param {Store} store */
async function sessionReads({ server, owner }, store) {
  const session = await Session.signIn(server.url, { account_key: owner.accountKey, email: owner.email, password: owner.password }, store);
  try {
    const id = (await session.profiles()).find(({ name }) => name === "production")?.profile_id ?? assert.fail("there is no production");
    await session.openProfile(id);
    await session.people();
    await session.auditVerify(() => undefined);
    const value = await session.reveal(id, "C");
    return "text" in value ? value.text : undefined;
  } finally {
    await session.close();
  }
}

/** What came of a call to which a lie was told so often. @param {number} told @param {unknown} outcome the value, or the error */
function seen(told, outcome) {
  if (typeof outcome === "string" && outcome !== TRUTH) {
    return `BELIEVED: ${outcome}`;
  }
  if (told === 0) {
    return outcome === TRUTH ? "-" : `not told, and: ${outcome}`;
  }
  const integrity = outcome instanceof Error && "kind" in outcome && outcome.kind === "integrity";
  return outcome === TRUTH ? "truth" : integrity ? "refused" : "failed";
}

/**
 * Tells a part of the lies, one after another.
 * @param {import("node:test").TestContext} t
 * @param {string} client its name in the matrix
 * @param {typeof agentReads} reads
 * @param {(place: number, count: number) => boolean} part
 */
async function tellsAll(t, client, reads, part) {
  const scene = await betrayed(t);
  const { hostile, cli, token } = scene;
  const store = mapStore();
  // What was true is kept, and then it is not the newest any more.
  assert.equal(await reads(scene, store), "three");
  await pushes(cli, "production", { C: TRUTH });
  for (const value of ["dret", "tres", "trois", "tri"]) {
    await pushes(cli, "staging", { C: value });
  }
  await cli.ok(["group", "create", "later"]);
  await Agent.fromToken(token, { store: mapStore() }).pull("staging");
  assert.equal(await reads(scene, store), TRUTH);
  const known = store.kept();
  const expected = Object.entries(/** @type {Record<string, string>} */ (JSON.parse(await hostile.does(`expects ${client}`))));
  /** @type {string[]} */
  const wrong = [];
  for (const [lie, wanted] of expected.filter((_, place) => part(place, expected.length))) {
    await hostile.does(`tell ${lie}`);
    const calls = [reads(scene, store).catch((error) => error)];
    const outcome = await Promise.race(wanted === "failed" ? [...calls, new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())] : calls);
    const what = seen(Number(await hostile.does("told")), outcome);
    await hostile.does("honest");
    t.diagnostic(`${lie.padEnd(30)} ${what}`);
    if (what !== wanted && !(wanted === "failed" && what === "refused")) {
      wrong.push(`${lie}: ${wanted}, and it was ${what}`);
    }
    if (store.kept() !== known) {
      wrong.push(`${lie}: something was remembered`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(await reads(scene, store), TRUTH, "the truth is believed as before");
}

test("an agent refuses every lie, and nothing is remembered", (t) => tellsAll(t, "Node agent", agentReads, () => true));

test("a session refuses the first half of all lies, and nothing is remembered", (t) => tellsAll(t, "Node session", sessionReads, (place, count) => place < count / 2));

test("a session refuses the second half of all lies, and nothing is remembered", (t) => tellsAll(t, "Node session", sessionReads, (place, count) => place >= count / 2));
