/** Every lie of the hostile server, told to a client that remembers the truth. */
import assert from "node:assert/strict";
import { Agent } from "stronghold-wasm";
import { betrayed } from "./liar-server.mjs";
import { push } from "./liar.mjs";

/** What the newest revision says of the secret `C`. */
export const TRUTH = "drei";

/** How long an answer is waited for that may never come, and any other, in milliseconds. */
const SHORT = 10_000;
const LONG = 60_000;

/** @typedef {Awaited<ReturnType<typeof betrayed>>} Betrayed */

/**
 * A client of one kind.
 * @typedef {object} Client
 * @property {(patience: number) => Promise<string | undefined>} reads asks for everything there is, and gives the value of `C`
 * @property {() => Promise<string>} kept what it remembers, but for how much of the audit log it verified, which grows with each question
 */

/** An integrity error, as clients that throw none say it. @param {string} said */
export function integrity(said) {
  return Object.assign(new Error(said), { kind: "integrity" });
}

/** What is remembered of organizations, without what grows. @param {[string, string][]} entries */
export function withoutLog(entries) {
  return JSON.stringify(entries.map(([org, text]) => [org, { ...JSON.parse(text), checkpoint: undefined }]));
}

/** What came of a call to which a lie was told so often. @param {number} told @param {unknown} outcome the value, or the error */
function seen(told, outcome) {
  if (!(outcome instanceof Error) && outcome !== TRUTH) {
    return `BELIEVED: ${outcome}`;
  }
  if (told === 0) {
    return outcome === TRUTH ? "-" : `not told, and: ${outcome}`;
  }
  const refused = outcome instanceof Error && "kind" in outcome && outcome.kind === "integrity";
  return outcome === TRUTH ? "truth" : refused ? "refused" : "failed";
}

/**
 * Tells a part of the lies, one after another, and prints the client's column of the matrix.
 * @param {import("node:test").TestContext} t
 * @param {string} column the client's name in the matrix
 * @param {(scene: Betrayed) => Promise<Client>} make
 * @param {(place: number, count: number) => boolean} part
 */
export async function tellsAll(t, column, make, part) {
  const scene = await betrayed(t);
  const { hostile, cli, token } = scene;
  const client = await make(scene);
  // What was true is kept, and then it is not the newest any more.
  assert.equal(await client.reads(LONG), "three");
  await push(cli, { C: TRUTH });
  for (const value of ["dret", "tres", "trois", "tri"]) {
    await push(cli, { C: value }, "staging");
  }
  await cli.ok(["group", "create", "later"]);
  const none = { load: async () => undefined, swap: async () => true };
  await Agent.fromToken(token, { store: none }).pull("staging");
  assert.equal(await client.reads(LONG), TRUTH);
  const known = await client.kept();
  const expected = Object.entries(/** @type {Record<string, string>} */ (JSON.parse(await hostile.does(`expects ${column}`))));
  assert.ok(expected.length > 50);
  /** @type {string[]} */
  const wrong = [];
  for (const [lie, wanted] of expected.filter((_, place) => part(place, expected.length))) {
    await hostile.does(`tell ${lie}`);
    const outcome = await client.reads(wanted === "failed" ? SHORT : LONG).catch((error) => error);
    const what = seen(Number(await hostile.does("told")), outcome);
    await hostile.does("honest");
    const said = outcome instanceof Error ? (outcome.message.split("\n")[0] ?? "") : "";
    t.diagnostic(`${column.padEnd(12)} ${lie.padEnd(30)} ${what.padEnd(8)} ${said}`);
    if (what !== wanted && !(wanted === "failed" && what === "refused")) {
      wrong.push(`${lie}: ${wanted}, and it was ${what} (${said})`);
    }
    if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(said)) {
      wrong.push(`${lie}: what is said of it steers a terminal: ${JSON.stringify(said)}`);
    }
    if ((await client.kept()) !== known) {
      wrong.push(`${lie}: something was remembered`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.equal(await client.reads(LONG), TRUTH, "the truth is believed as before");
}

/** Both halves, where all in one would take too long for one test. @type {Record<string, (place: number, count: number) => boolean>} */
export const HALVES = { first: (place, count) => place < count / 2, second: (place, count) => place >= count / 2 };
