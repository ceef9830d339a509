/**
 * What happens to a finished bundle: the integrity of the worker goes into the page's script, that of the script and the style sheet into
 * index.html, the content security policy into csp.txt, compressed siblings are made, and SHA256SUMS lets an outsider compare what a server serves.
 * Nothing depends on the folder, the machine or the time.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** The text of an `integrity` attribute: SHA-384 in base64, as the Subresource Integrity standard writes it. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
}

/** Stands in the page's script for the hash of the worker's, which is built beside it. */
export const WORKER_INTEGRITY = `sha384-${"0".repeat(64)}`;

/** Every file below a folder, as sorted paths with forward slashes. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** The policy that the server sends with every file of the console: one script, by its hash, and nothing from elsewhere. */
function policy(script: string): string {
  return [
    "default-src 'none'",
    `script-src '${script}' 'wasm-unsafe-eval'`,
    // Made by the page of bytes that it verified; no address of the server is a worker.
    "worker-src blob:",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types stronghold-worker",
  ].join("; ");
}

/** Puts the hash of the one worker into the one script that has a place for it. */
function pinWorker(folder: string): void {
  const scripts = filesBelow(folder).filter((file) => /^assets\/[^/]+\.js$/.test(file));
  const workers = scripts.filter((file) => file.startsWith("assets/worker-"));
  const places = scripts.filter((file) => readFileSync(join(folder, file), "utf8").includes(WORKER_INTEGRITY));
  const [worker, place] = [workers[0], places[0]];
  if (worker === undefined || place === undefined || workers.length > 1 || places.length > 1) {
    throw new Error(`there must be one worker and one script that pins it, not ${workers.length} and ${places.length}`);
  }
  const before = readFileSync(join(folder, place), "utf8").split(WORKER_INTEGRITY);
  if (before.length !== 2) {
    throw new Error(`${place} must pin the worker once`);
  }
  writeFileSync(join(folder, place), before.join(integrityOf(readFileSync(join(folder, worker)))));
}

/** Adds `integrity` to each script and style sheet of the page; gives the page and the hashes of its scripts. */
function withIntegrity(html: string, folder: string): { page: string; scripts: string[] } {
  const scripts: string[] = [];
  const page = html.replace(/<(script|link)\b([^>]*?)\b(src|href)="\.\/(assets\/[^"]+)"/g, (tag, element, before, attribute, file) => {
    const hash = integrityOf(readFileSync(join(folder, file)));
    if (element === "script") {
      scripts.push(hash);
    } else if (!/rel="stylesheet"/.test(tag)) {
      return tag;
    }
    return `<${element}${before}integrity="${hash}" ${attribute}="./${file}"`;
  });
  return { page, scripts };
}

/** Writes integrity, policy, compressed siblings and sums once the bundle is on disk. */
export function publish(): Plugin {
  let folder = "";
  return {
    name: "stronghold-publish",
    apply: "build",
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      pinWorker(folder);
      const index = join(folder, "index.html");
      const { page, scripts } = withIntegrity(readFileSync(index, "utf8"), folder);
      const [script, ...others] = scripts;
      if (script === undefined || others.length > 0) {
        throw new Error(`the page must have exactly one script, and has ${scripts.length}`);
      }
      writeFileSync(index, page);
      writeFileSync(join(folder, "csp.txt"), `${policy(script)}\n`);
      const files = filesBelow(folder);
      const sums = files.map((file) => `${createHash("sha256").update(readFileSync(join(folder, file))).digest("hex")}  ${file}\n`);
      for (const file of files.filter((name) => name === "index.html" || name.startsWith("assets/"))) {
        const bytes = readFileSync(join(folder, file));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(join(folder, `${file}.br`), brotliCompressSync(bytes, { params }));
        writeFileSync(join(folder, `${file}.gz`), gzipSync(bytes, { level: 9 }));
      }
      writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
    },
  };
}
