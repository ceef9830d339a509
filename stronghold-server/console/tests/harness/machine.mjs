/** What the tests need of the machine. What is missing is a failure that says what to do, never a skipped test. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's Chromium. */
export const CHROMIUM = "/usr/bin/chromium";

/** Where the programs are that are tested. */
const programs = process.env["STRONGHOLD_TEST_BIN"] ?? join(import.meta.dirname, "..", "..", "..", "..", "target", "debug");

/**
 * The path of one of the project's programs.
 * @param {"stronghold-server" | "api-stronghold-cli" | "stronghold-hostile"} name
 */
export function program(name) {
  return join(programs, name);
}

/**
 * What is missing, in sentences; nothing on a machine that can run the tests.
 * @returns {string[]}
 */
export function checkMachine() {
  const needed = [
    { file: program("stronghold-server"), advice: "cargo build -p stronghold-server, after the console was built" },
    { file: program("api-stronghold-cli"), advice: "cargo build -p stronghold-cli" },
    { file: program("stronghold-hostile"), advice: "cargo build -p stronghold-hostile" },
    { file: CHROMIUM, advice: "install Debian's package chromium" },
  ];
  return needed.filter(({ file }) => !existsSync(file)).map(({ file, advice }) => `${file} is missing: ${advice} (cargo xtask browser does it)`);
}

/** @type {WeakMap<import("node:test").TestContext, (() => unknown)[]>} */
const cleanups = new WeakMap();

/**
 * Has something done after the test, the last first: a page closes before its server, and a server ends before its folder goes.
 * @param {import("node:test").TestContext} t
 * @param {() => unknown} clean
 */
export function afterwards(t, clean) {
  const known = cleanups.get(t);
  if (known !== undefined) {
    known.push(clean);
    return;
  }
  const all = [clean];
  cleanups.set(t, all);
  // Node runs its own hooks the first first.
  t.after(async () => {
    /** @type {unknown[]} */
    const failures = [];
    for (let next = all.pop(); next !== undefined; next = all.pop()) {
      try {
        await next();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw failures[0];
    }
  });
}

/**
 * A new folder that is gone after the test.
 * @param {import("node:test").TestContext} t
 */
export function folderFor(t) {
  const folder = mkdtempSync(join(tmpdir(), "stronghold-console-"));
  afterwards(t, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
