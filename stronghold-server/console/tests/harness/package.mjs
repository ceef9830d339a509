/** What the tests of the package `stronghold-wasm` in Node share. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folderFor } from "./machine.mjs";
import { startServer } from "./server.mjs";
import { organizationOn } from "./steps.mjs";

/**
 * A server with a profile `production` and an agent of the command line that may read it.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} secrets
 * @param {import("./wire.mjs").Wire} [wire] what everything goes through, so that another server can take its place
 */
export async function scene(t, secrets, wire) {
  const server = await startServer(t, wire === undefined ? {} : { wire });
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

/** A store of one process: what a host keeps, in its simplest form. */
export function mapStore() {
  /** @type {Map<string, Uint8Array>} */
  const entries = new Map();
  const text = (/** @type {Uint8Array | undefined} */ bytes) => bytes && Buffer.from(bytes).toString("latin1");
  return {
    entries,
    load: async (/** @type {string} */ org) => entries.get(org),
    swap: async (/** @type {string} */ org, /** @type {Uint8Array | undefined} */ before, /** @type {Uint8Array} */ after) => {
      const unchanged = text(entries.get(org)) === text(before);
      unchanged && entries.set(org, after);
      return unchanged;
    },
  };
}

/**
 * The error that a call throws: always a `StrongholdError`, which repeats nothing secret.
 * @param {() => unknown} call
 * @param {string[]} secrets
 */
export async function thrownBy(call, secrets = []) {
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
