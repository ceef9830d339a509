/** The package `stronghold-wasm` in Node: the very module that the console runs reads secrets as an agent, and passes the shared vectors. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { Agent, initSync, Vectors } from "stronghold-wasm";
import { afterwards, findNeedles, folderFor, randomWord } from "./harness.mjs";
import { scene, thrownBy } from "./harness/package.mjs";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

test("examples/node is installed and pulls a profile in ten lines", async (t) => {
  const { token } = await scene(t, { DATABASE_URL: "postgres://db.example/app", EMPTY: "", GREETING: "Grüße" });
  const program = readFileSync(join(REPOSITORY, "examples", "node", "pull.mjs"), "utf8");
  assert.ok(program.trimEnd().split("\n").length <= 10, "ten lines");
  // Installed in a copy, so that nothing is left in the sources; the package is where the example says, two folders up.
  const copy = join(folderFor(t), "examples", "node");
  mkdirSync(join(copy, "..", "..", "bindings"), { recursive: true });
  symlinkSync(join(REPOSITORY, "bindings", "wasm"), join(copy, "..", "..", "bindings", "wasm"));
  cpSync(join(REPOSITORY, "examples", "node"), copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await run("npm", ["install", "--offline"], { cwd: copy });
  const env = { PATH: process.env["PATH"], API_STRONGHOLD_TOKEN: token };
  const { stdout } = await run(process.execPath, ["pull.mjs", "production"], { cwd: copy, env });
  assert.equal(stdout, "DATABASE_URL has 25 bytes\nEMPTY has 0 bytes\nGREETING has 7 bytes\n");
  const failed = await run(process.execPath, ["pull.mjs", "staging"], { cwd: copy, env }).catch((error) => error);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /StrongholdError/);
});

test("an agent reads what it may, as text and as bytes", async (t) => {
  const value = randomWord();
  const { cli, token } = await scene(t, { KEY: value, GREETING: "Grüße" });
  const agent = Agent.fromToken(token, { reason: "a test of the package" });
  afterwards(t, () => agent.close());
  const profiles = await agent.profiles();
  assert.deepEqual(profiles.map(({ name, revision, rekeying }) => ({ name, revision, rekeying })), [{ name: "production", revision: profiles[0]?.revision, rekeying: false }]);
  const secrets = await agent.pull("production");
  assert.deepEqual(secrets.names(), ["GREETING", "KEY"]);
  assert.equal(secrets.get("KEY"), value);
  assert.deepEqual(secrets.bytes("GREETING"), new TextEncoder().encode("Grüße"));
  assert.equal(secrets.get("ABSENT"), undefined);
  assert.equal(secrets.revision, profiles[0]?.revision);
  const again = await agent.pull(profiles[0]?.profile_id ?? "");
  assert.deepEqual(again.names(), secrets.names());
  // What it did is in the log under its name, with the reason that it signed.
  const entries = await cli.json(["audit", "list", "--agent", "CI pipeline"]);
  assert.ok(entries.some((/** @type {any} */ entry) => entry.context?.reason === "a test of the package"), "the reason is recorded");
  for (const opened of [secrets, again]) {
    opened.close();
    assert.deepEqual(opened.names(), []);
    assert.equal(opened.get("KEY"), undefined);
  }
});

test("what is refused throws a StrongholdError of its kind", async (t) => {
  const value = randomWord();
  const { server, cli, token } = await scene(t, { KEY: value });
  const agent = Agent.fromToken(token);
  const typo = `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`;
  for (const wrong of ["", "hello", typo, token.toUpperCase(), token.slice(0, -8)]) {
    assert.equal((await thrownBy(() => Agent.fromToken(wrong), wrong.length < 10 ? [] : [wrong, token])).kind, "failure");
  }
  const unknown = await thrownBy(() => agent.pull("staging"));
  assert.equal(unknown.kind, "not_found");
  await cli.ok(["agent", "deactivate", "CI pipeline"]);
  assert.equal((await thrownBy(() => agent.pull("production"), [token, value])).kind, "refused");
  await cli.ok(["agent", "activate", "CI pipeline"]);
  (await agent.pull("production")).close();
  const { token: other } = await cli.json(["agent", "create", "Deleted", "--group", "deploy"]);
  await cli.ok(["agent", "delete", "Deleted", "--yes"]);
  assert.equal((await thrownBy(() => Agent.fromToken(other).pull("production"), [other])).kind, "refused");
  await server.stop();
  const away = await thrownBy(() => agent.pull("production"), [token, value]);
  assert.equal(away.kind, "unreachable");
  agent.close();
  const closed = await thrownBy(() => agent.pull("production"), [token, value]);
  assert.equal(closed.kind, "failure");
  assert.match(closed.message, /closed/);
  assert.equal((await thrownBy(() => agent.profiles())).kind, "failure");
});

/** The seed in a token: after version, suite, agent and organization (docs/protocol.md, section 14). */
function seedOf(/** @type {string} */ token) {
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const bits = [...token.replace("stronghold_agent_", "")].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
  return bytes.subarray(3 + 16 + 32, 3 + 16 + 32 + 32);
}

test("closing wipes tokens, keys and secrets from the module's memory", async (t) => {
  const value = randomWord(30);
  const { token } = await scene(t, { KEY: value });
  const { memory } = /** @type {{ memory: WebAssembly.Memory }} */ (initSync(/** @type {any} */ (undefined)));
  const left = () => findNeedles({ token, seed: seedOf(token), value }, Buffer.from(memory.buffer));
  const agent = Agent.fromToken(token);
  const secrets = await agent.pull("production");
  assert.equal(secrets.get("KEY"), value);
  assert.equal(secrets.bytes("KEY")?.length, value.length);
  assert.ok(left().includes("value"), "the search finds what is there");
  secrets.close();
  agent.close();
  assert.deepEqual(left(), []);
});

/** @param {string} name */
const vectors = (name) => JSON.parse(readFileSync(join(REPOSITORY, "docs", "vectors", `${name}.json`), "utf8"));

/**
 * @param {Parameters<typeof Vectors.run>[0]} file
 * @param {unknown} vector
 * @returns {{ ok: any } | { refused: string }}
 */
const outcome = (file, vector) => JSON.parse(Vectors.run(file, JSON.stringify(vector)));

/**
 * A case with the changes of RFC 6902 that the files use.
 * @param {any} whole
 * @param {{ op: string, path: string, value?: any }[]} changes
 */
function changed(whole, changes) {
  const root = { case: structuredClone(whole) };
  for (const { op, path, value } of changes) {
    const parts = ["case", ...path.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))];
    const last = parts.pop() ?? "";
    const holder = parts.reduce((at, part) => at[part], /** @type {any} */ (root));
    if (Array.isArray(holder) && op !== "replace") {
      holder.splice(last === "-" ? holder.length : Number(last), op === "add" ? 0 : 1, ...(op === "add" ? [value] : []));
    } else if (op === "remove") {
      delete holder[last];
    } else {
      holder[last] = value;
    }
  }
  return root.case;
}

for (const name of /** @type {const} */ ([
  "aead", "checkpoints", "directory", "evidence", "files", "history", "leaves", "manifest", "merkle", "partial", "people", "receipts", "replies",
  "rosters", "seals", "signed", "strict", "texts",
])) {
  test(`the package itself runs ${name}.json`, (t) => {
    const file = vectors(name);
    /** @type {Map<string, any>} */
    const cases = new Map();
    for (const { name: which, of, case: whole, change = [], gives } of file.accepts) {
      cases.set(which, changed(of === undefined ? whole : cases.get(of), change));
      assert.deepEqual(outcome(name, cases.get(which)), { ok: gives }, which);
    }
    for (const { name: which, of, change } of file.rejects) {
      assert.deepEqual(Object.keys(outcome(name, changed(cases.get(of), change))), ["refused"], `${which} must be refused`);
    }
    t.diagnostic(`${cases.size} accepted, ${file.rejects.length} refused`);
    assert.ok(cases.size > 0 && file.rejects.length > 0);
  });
}

test("the package itself runs tokens.json and requests.json", () => {
  const [tokens, requests] = [vectors("tokens"), vectors("requests")];
  for (const accept of tokens.accepts) {
    assert.deepEqual(outcome("tokens", accept), { ok: accept }, accept.text);
  }
  for (const accept of requests.accepts) {
    const came = outcome("requests", accept);
    if (!accept.canonical && "ok" in came) {
      // Only a verifier meets these bytes: a signer of ours writes others.
      assert.notDeepEqual(came.ok.headers, accept.headers);
      came.ok.headers = accept.headers;
    }
    const { base, created, nonce, headers } = accept;
    assert.deepEqual(came, { ok: { base, created, nonce, headers } }, accept.name);
  }
  for (const reject of tokens.rejects) {
    assert.deepEqual(Object.keys(outcome("tokens", reject)), ["refused"], reject.name);
  }
  for (const reject of requests.rejects) {
    assert.deepEqual(outcome("requests", reject), { refused: reject.refusal }, reject.name);
  }
});

test("what is no vector is an error, not a refusal", async () => {
  assert.equal((await thrownBy(() => Vectors.run(/** @type {any} */ ("recipes"), "{}"))).kind, "failure");
  assert.deepEqual(Object.keys(JSON.parse(Vectors.run("aead", "{}"))), ["refused"], "a case of another shape is refused");
  assert.equal((await thrownBy(() => Vectors.run("aead", "{"))).kind, "failure");
});
