/** The server, as a process of its own with an empty environment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterwards, folderFor, program } from "./machine.mjs";

// Ends the server when the process of the tests is gone, however that ended.
const GUARD = 'cat >/dev/null; kill -TERM "$1" 2>/dev/null';

/** A running server. */
export class Server {
  #process;
  #log;

  /**
   * @param {{ url: string, dataDir: string, log: string, process: import("node:child_process").ChildProcess }} started
   */
  constructor({ url, dataDir, log, process }) {
    /** Where clients reach it. */
    this.url = url;
    /** Its data folder. */
    this.dataDir = dataDir;
    this.#log = log;
    this.#process = process;
  }

  /** The code that allows to create an organization. */
  get setupCode() {
    return readFileSync(join(this.dataDir, "setup-code"), "utf8").trim();
  }

  /** The file with that code. */
  get setupCodeFile() {
    return join(this.dataDir, "setup-code");
  }

  /** All that it wrote to standard error so far. */
  get log() {
    return readFileSync(this.#log, "utf8");
  }

  /** Ends it, and waits until it has. */
  async stop() {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await ended;
    }
  }
}

/**
 * Starts a server on a free port with new data, and waits until it listens. It ends with the test.
 * @param {import("node:test").TestContext} t
 * @param {{ wire?: import("./wire.mjs").Wire, arguments?: string[], dataDir?: string }} [options] wire: what clients reach it through
 */
export async function startServer(t, { wire, arguments: more = [], dataDir } = {}) {
  const folder = folderFor(t);
  const data = dataDir ?? join(folder, "data");
  const log = join(folder, "server.log");
  const stderr = openSync(log, "a");
  const behind = wire === undefined ? [] : ["--public-url", wire.url];
  const child = spawn(program("stronghold-server"), ["--data-dir", data, "--listen", "127.0.0.1:0", ...behind, ...more], { cwd: folder, env: {}, stdio: ["ignore", "pipe", stderr] });
  closeSync(stderr);
  const guard = spawn("sh", ["-c", GUARD, "guard", String(child.pid)], { stdio: ["pipe", "ignore", "ignore"] });
  guard.unref();
  const own = await new Promise((resolve, reject) => {
    const early = (/** @type {number | null} */ code) => reject(new Error(`the server ended with ${code}; its log:\n${readFileSync(log, "utf8")}`));
    child.once("error", reject);
    child.once("exit", early);
    createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) }).once("line", (line) => {
      const url = /^listening on (.+)$/.exec(line)?.[1];
      child.off("exit", early);
      url === undefined ? reject(new Error(`the server said ${line}`)) : resolve(url);
    });
  });
  await wire?.leadTo(own);
  const server = new Server({ url: wire?.url ?? own, dataDir: data, log, process: child });
  afterwards(t, async () => {
    await server.stop();
    guard.stdin.end();
  });
  const page = await fetch(`${server.url}/`);
  if (page.status !== 200 || !page.headers.get("content-type")?.startsWith("text/html")) {
    throw new Error(`the server was built without the console: it answered ${page.status} (${await page.text()})`);
  }
  return server;
}
