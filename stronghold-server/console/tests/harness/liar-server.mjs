/** The hostile server `stronghold-hostile`, as what clients reach a real server through: it tells one lie at a time. */
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Cli } from "./cli.mjs";
import { push } from "./liar.mjs";
import { afterwards, folderFor, program } from "./machine.mjs";
import { startServer } from "./server.mjs";
import { organizationOn, randomWord } from "./steps.mjs";

/** It, running. */
export class Hostile {
  #child;
  #lines;

  /** @param {import("node:child_process").ChildProcessByStdio<import("node:stream").Writable, import("node:stream").Readable, null>} child */
  constructor(child) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    /** Where clients reach it. */
    this.url = "";
  }

  async starts() {
    this.url = (await this.#line()).replace("listening on ", "");
  }

  /** Gives the answer to a line. @param {string} line */
  async does(line) {
    this.#child.stdin.write(`${line}\n`);
    return this.#line();
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) {
      throw new Error("the hostile server ended");
    }
    return String(value);
  }
}

/** @param {import("node:test").TestContext} t */
async function startHostile(t) {
  const child = spawn(program("stronghold-hostile"), { env: {}, stdio: ["pipe", "pipe", "inherit"] });
  // Its input ends with this process, and so does it.
  afterwards(t, () => child.kill());
  const hostile = new Hostile(child);
  await hostile.starts();
  return hostile;
}

/**
 * An organization with a past behind it, which has accomplices: its owner, and an agent that reads `production`.
 * @param {import("node:test").TestContext} t
 */
export async function betrayed(t) {
  const hostile = await startHostile(t);
  const dataDir = join(folderFor(t), "data");
  const wire = /** @type {any} */ ({ url: hostile.url, leadTo: (/** @type {string} */ url) => hostile.does(`before ${new URL(url).host} ${dataDir}`) });
  // Somebody signs in for each lie.
  const server = await startServer(t, { wire, dataDir, arguments: ["--logins-per-minute", "6000", "--account-logins-per-minute", "6000"] });
  const { owner, cli } = await organizationOn(t, server);
  for (const [profile, last] of [["production", "three"], ["staging", "tre"]]) {
    await cli.ok(["profile", "create", String(profile)]);
    await push(cli, { A: "one", B: "two", C: String(last) }, profile);
  }
  for (const group of ["deploy", "writers", "elsewhere"]) {
    await cli.ok(["group", "create", group]);
  }
  for (const [group, profile, access] of [["deploy", "production", "read"], ["deploy", "staging", "read"], ["writers", "production", "write"], ["elsewhere", "staging", "write"]]) {
    await cli.ok(["group", "grant", String(group), String(profile), "--access", String(access)]);
  }
  const { token } = await cli.json(["agent", "create", "CI pipeline", "--group", "deploy"]);
  await new Cli(t, { API_STRONGHOLD_TOKEN: token }).pull("production");
  const seeds = [`removed_admin=${await joins(t, server.url, cli, "former@acme.example", "admin", [])}`];
  await cli.ok(["user", "remove", "former@acme.example", "--yes"]);
  seeds.push(`admin=${await joins(t, server.url, cli, "admin@acme.example", "admin", [])}`);
  seeds.push(`removed_editor=${await joins(t, server.url, cli, "leaver@acme.example", "editor", ["writers"])}`);
  seeds.push(`editor_elsewhere=${await joins(t, server.url, cli, "neighbour@acme.example", "editor", ["elsewhere"])}`);
  await cli.ok(["user", "remove", "leaver@acme.example", "--yes"]);
  await cli.ok(["user", "invite", "newcomer@acme.example", "--role", "editor"]);
  await hostile.does(`with ${seeds.join(" ")}`);
  await anotherOrganization(t, server);
  return { hostile, server, owner, cli, token: String(token) };
}

/**
 * Somebody who joins, and gives the server their seed.
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {Cli} cli
 * @param {string} email
 * @param {string} role
 * @param {string[]} groups
 */
async function joins(t, url, cli, email, role, groups) {
  const { code } = await cli.json(["user", "invite", email, "--role", role, ...groups.flatMap((group) => ["--group", group])]);
  const folder = folderFor(t);
  const own = new Cli(t, { API_STRONGHOLD_URL: url, API_STRONGHOLD_PASSWORD: randomWord(), API_STRONGHOLD_CONFIG_DIR: folder });
  const { fingerprint } = await own.json(["user", "accept", "--email", email, "--invite", "-"], { input: code });
  await cli.ok(["user", "confirm", email, "--fingerprint", fingerprint]);
  return JSON.parse(readFileSync(join(folder, "credentials.json"), "utf8")).identities[0].seed;
}

/**
 * One of the same name on the same server, with a profile of the same name that its owner reads.
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 */
async function anotherOrganization(t, server) {
  const file = join(folderFor(t), "setup-code");
  writeFileSync(file, execFileSync(program("stronghold-server"), ["setup-code", "--show", "--data-dir", server.dataDir], { env: {}, encoding: "utf8" }).trim());
  const cli = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: randomWord() });
  await cli.ok(["org", "create", "Acme", "--setup-code-file", file, "--email", "owner@acme.example"]);
  await cli.ok(["profile", "create", "production"]);
  await cli.pull("production");
}
