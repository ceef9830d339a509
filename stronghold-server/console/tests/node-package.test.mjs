/** The package `stronghold-wasm` in Node: the very module that the console runs reads secrets as an agent, and passes the shared vectors. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { Agent, initSync, Vectors } from "stronghold-wasm";
import { afterwards, findNeedles, folderFor, organizationOn, randomWord, startServer } from "./harness.mjs";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const run = promisify(execFile);

/**
 * A server with a profile `production` and an agent of the command line that may read it.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} secrets
 */
async function scene(t, secrets) {
  const server = await startServer(t);
  const { cli } = await organizationOn(t, server);
  const file = join(folderFor(t), "secrets.json");
  writeFileSync(file, JSON.stringify(secrets));
  await cli.ok(["profile", "create", "production"]);
  await cli.ok(["env", "push", "--profile", "production", "--format", "json", file]);
  await cli.ok(["group", "create", "deploy"]);
  await cli.ok(["group", "grant", "deploy", "production"]);
  const { token } = await cli.json(["agent", "create", "CI pipeline", "--group", "deploy"]);
  return { server, cli, token: String(token) };
}

/**
 * The error that a call throws: always a `StrongholdError`, which repeats nothing secret.
 * @param {() => unknown} call
 * @param {string[]} secrets
 */
async function thrownBy(call, secrets = []) {
  /** @type {any} */
  let error;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  assert.ok(error instanceof Error, "it must throw");
  assert.equal(error.name, "StrongholdError");
  assert.ok(error.message.length > 10);
  assert.equal(typeof (/** @type {any} */ (error).conflict), "boolean");
  for (const secret of secrets) {
    assert.ok(!`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes(secret), "no error repeats a secret");
  }
  return /** @type {Error & { kind: string, code?: string, advice?: string, conflict: boolean }} */ (error);
}

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
 * Everything that the file says must be accepted, with what comes of it; and what must be refused, with the reason where the file has the
 * very words.
 * @param {string} name
 * @param {any} file
 * @returns {{ kind?: Parameters<typeof Vectors.run>[0], name: string, vector: any, expected: unknown }[]}
 */
function accepted(name, file) {
  const { accepts, org, leaf, roster_keys } = file;
  switch (name) {
    case "tokens":
      return accepts.map((/** @type {any} */ it) => ({ name: it.text, vector: it, expected: it }));
    case "aead":
    case "seals":
      return accepts.map((/** @type {any} */ it) => ({ name: it.name, vector: it, expected: it.plaintext }));
    case "requests":
      return accepts.map((/** @type {any} */ it) => ({ name: it.name, vector: it, expected: { base: it.base, created: it.created, nonce: it.nonce, headers: it.headers } }));
    case "merkle":
      return [
        ...file.roots.map((/** @type {string} */ root, /** @type {number} */ size) => ({ kind: "roots", name: `root over ${size}`, vector: { leaves: file.leaves.slice(0, size) }, expected: root })),
        ...accepts.map((/** @type {any} */ it) => ({ name: it.name, vector: it, expected: null })),
      ];
    case "approvals":
    case "directory":
      return accepts.map((/** @type {any} */ { head, log_root, state_root }, /** @type {number} */ at) => ({
        kind: "directory",
        name: `statement ${at}`,
        vector: { org, statements: accepts.slice(0, at + 1).map((/** @type {any} */ it) => it.statement) },
        expected: { head, log_root, state_root },
      }));
    case "manifest":
      return accepts.map((/** @type {any} */ it) => ({ name: it.name, vector: { org, leaf, roster_keys, ...it }, expected: it.hash }));
    default:
      return accepts.map((/** @type {any} */ it) => ({ name: it.name, vector: it, expected: null }));
  }
}

/** @param {string} name @param {any} file @param {any} reject */
function refusedVector(name, { org, leaf, roster_keys, accepts }, reject) {
  if (name === "directory" || name === "approvals") {
    return { org, statements: [...accepts, reject].map(({ statement }) => statement) };
  }
  return name === "manifest" ? { org, leaf, roster_keys, ...reject } : reject;
}

test("the package itself runs the shared vectors", (t) => {
  for (const name of /** @type {const} */ (["tokens", "aead", "seals", "requests", "merkle", "directory", "approvals", "manifest", "evidence"])) {
    const file = vectors(name);
    const cases = accepted(name, file);
    for (const { kind = name, name: which, vector, expected } of cases) {
      const came = outcome(kind, vector);
      if (name === "requests" && !vector.canonical && "ok" in came) {
        // Only a verifier meets these bytes: a signer of ours writes others.
        assert.notDeepEqual(came.ok.headers, vector.headers);
        came.ok.headers = vector.headers;
      }
      assert.deepEqual(came, { ok: expected }, `${name}: ${which}`);
    }
    for (const reject of file.rejects) {
      const came = outcome(name === "approvals" ? "directory" : name, refusedVector(name, file, reject));
      assert.deepEqual(Object.keys(came), ["refused"], `${name}: ${reject.name} must be refused`);
      if (reject.refusal !== undefined) {
        assert.deepEqual(came, { refused: reject.refusal }, `${name}: ${reject.name}`);
      }
    }
    assert.ok(cases.length > 0 && file.rejects.length > cases.length / 2);
    t.diagnostic(`${name}: ${cases.length} accepted, ${file.rejects.length} refused`);
  }
});

test("what is no vector is an error, not a refusal", async () => {
  assert.equal((await thrownBy(() => Vectors.run(/** @type {any} */ ("recipes"), "{}"))).kind, "failure");
  assert.equal((await thrownBy(() => Vectors.run("aead", "{}"))).kind, "failure");
  assert.equal((await thrownBy(() => Vectors.run("aead", "{"))).kind, "failure");
});
