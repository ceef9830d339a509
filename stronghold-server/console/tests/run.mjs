/** Runs the tests of the console and of the package in Node: all of them, or those named as arguments (`npm test -- csp pages`). */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
import { checkMachine } from "./harness/machine.mjs";

const folder = import.meta.dirname;
const all = readdirSync(folder).filter((name) => name.endsWith(".test.mjs")).sort();

/**
 * The file that an argument means: a path, or a file's name with or without its ending.
 * @param {string} argument
 */
function fileOf(argument) {
  const named = join(folder, `${basename(argument).replace(/\.test\.mjs$/, "")}.test.mjs`);
  const file = [resolve(argument), named].find((candidate) => candidate.endsWith(".test.mjs") && existsSync(candidate));
  if (file === undefined) {
    console.error(`there is no test ${argument}; there are: ${all.map((name) => name.replace(".test.mjs", "")).join(", ")}`);
    process.exit(2);
  }
  return file;
}

const wanted = process.argv.slice(2).filter((argument) => argument !== "--");
const files = wanted.length === 0 ? all.map((name) => join(folder, name)) : wanted.map(fileOf);
const missing = checkMachine();
if (missing.length > 0) {
  console.error(missing.join("\n"));
  process.exit(1);
}

/** Runs files, each for at most 15 minutes in all, so many at a time; whether all passed. @param {string[]} some @param {number} together */
function run(some, together) {
  const limits = [`--test-concurrency=${together}`, "--test-timeout=900000"];
  return some.length === 0 || spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...limits, ...some], { stdio: "inherit" }).status === 0;
}

// Each file has a server and a browser, and waits for them half of its time. One compares how long pages take: it has the machine to itself.
const measures = (/** @type {string} */ file) => basename(file) === "scale.test.mjs";
const passed = [run(files.filter(measures), 1), run(files.filter((file) => !measures(file)), Math.max(2, availableParallelism()))];
process.exit(passed.every(Boolean) ? 0 : 1);
