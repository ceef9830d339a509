/** The command line, one process per command, with an environment that holds `PATH` and what is given here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { folderFor, program } from "./machine.mjs";

/**
 * What a command came to.
 * @typedef {{ code: number | null, stdout: string, stderr: string }} Ran
 */

/** Runs commands with one configuration folder, as one identity. */
export class Cli {
  #environment;

  /**
   * With a new configuration folder.
   * @param {import("node:test").TestContext} t
   * @param {Record<string, string>} [variables]
   */
  constructor(t, variables = {}) {
    this.#environment = { PATH: process.env["PATH"] ?? "", API_STRONGHOLD_CONFIG_DIR: folderFor(t), ...variables };
  }

  /**
   * Runs a command.
   * @param {string[]} words
   * @param {{ input?: string, variables?: Record<string, string> }} [options]
   * @returns {Promise<Ran>}
   */
  async run(words, { input = "", variables = {} } = {}) {
    const child = spawn(program("api-stronghold-cli"), words, { env: { ...this.#environment, ...variables }, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const code = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout, stderr };
  }

  /**
   * Runs a command that must succeed; gives what it printed.
   * @param {string[]} words
   * @param {{ input?: string, variables?: Record<string, string> }} [options]
   */
  async ok(words, options) {
    const ran = await this.run(words, options);
    assert.equal(ran.code, 0, `${words.join(" ")} failed: ${ran.stderr}`);
    return ran.stdout;
  }

  /**
   * Runs a command with `--json` that must succeed; gives what it printed as a value.
   * @param {string[]} words
   * @param {{ input?: string, variables?: Record<string, string> }} [options]
   */
  async json(words, options) {
    return JSON.parse(await this.ok(["--json", ...words], options));
  }

  /**
   * What a profile holds, by name.
   * @param {string} profile
   * @returns {Promise<Record<string, string>>}
   */
  async pull(profile) {
    return JSON.parse(await this.ok(["env", "pull", "--profile", profile, "--format", "json"]));
  }
}
