/** Every lie of the hostile server, told to the package `stronghold-wasm` in Node: to an agent and to a session that remember the truth. */
import assert from "node:assert/strict";
import test from "node:test";
import { Agent, Session } from "stronghold-wasm";
import { HALVES, tellsAll, withoutLog } from "./harness/lies.mjs";
import { mapStore } from "./harness/package.mjs";

/** @typedef {import("./harness/lies.mjs").Betrayed} Betrayed */
/** @typedef {import("./harness/lies.mjs").Client} Client */
/** @typedef {ReturnType<typeof mapStore>} Store */

/** What comes of a call, or that nothing did in time. @param {Promise<string | undefined>} call @param {number} patience */
async function inTime(call, patience) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => void (timer = setTimeout(() => reject(new Error("no answer came")), patience)));
  call.catch(() => undefined);
  try {
    return /** @type {string | undefined} */ (await Promise.race([call, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** What an agent reads. @param {Betrayed} scene @param {Store} store */
async function agentReads({ token }, store) {
  return (await Agent.fromToken(token, { store }).pull("production")).get("C");
}

/** What a person reads, who signs in once more and asks everything. @param {Betrayed} scene @param {Store} store */
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

/** @param {typeof agentReads} reads @returns {(scene: Betrayed) => Promise<Client>} */
const remembering = (reads) => async (scene) => {
  const store = mapStore();
  return { reads: (patience) => inTime(reads(scene, store), patience), kept: async () => withoutLog([...store.entries].map(([org, bytes]) => [org, Buffer.from(bytes).toString()])) };
};

test("an agent refuses every lie, and nothing is remembered", (t) => tellsAll(t, "Node agent", remembering(agentReads), () => true));

for (const [name, half] of Object.entries(HALVES)) {
  test(`a session refuses the ${name} half of all lies, and nothing is remembered`, (t) => tellsAll(t, "Node session", remembering(sessionReads), half));
}
