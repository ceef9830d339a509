/**
 * How the worker starts that holds every key. Its script is fetched with the hash that this page was built with, and run from those very
 * bytes: what a server answers afterwards counts for nothing. The worker does the same with the wasm module, whose address it gets from here.
 */
import moduleUrl from "stronghold-wasm/stronghold_wasm_bg.wasm?url";
import type { Start } from "./messages";
import { fetchPinned } from "./pinned";
import workerUrl from "./worker.ts?worker&url";

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): object };
}

/** The verified script, kept for as long as the page: after a lock the next worker starts from it without asking the server. */
let verified: Promise<string> | undefined;
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;
/** The one address that may become a worker. */
let allowed: string | undefined;

async function fetchScript(): Promise<string> {
  const answer = await fetchPinned(workerUrl, WORKER_INTEGRITY);
  allowed = URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type: "text/javascript" }));
  return allowed;
}

/** Trusted Types, where the browser has them: the one policy allows the one verified script and nothing else. */
function trusted(url: string): string {
  const only = (wanted: string): string => {
    if (wanted !== allowed) {
      throw new TypeError("only the console's own worker may be started");
    }
    return wanted;
  };
  const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  policy ??= factory?.createPolicy("stronghold-worker", { createScriptURL: only });
  return policy === undefined ? only(url) : (policy.createScriptURL(url) as unknown as string);
}

/** Starts a worker. Rejects where its script cannot be fetched, or is another one; the next try asks again. */
export async function startWorker(): Promise<Worker> {
  verified ??= fetchScript();
  try {
    const worker = new Worker(trusted(await verified), { type: "module" });
    worker.postMessage({ module: moduleUrl } satisfies Start);
    return worker;
  } catch (error) {
    verified = undefined;
    throw error;
  }
}
