/** The one place that knows where the cryptography comes from. Only the worker imports it. */
import init, { Session } from "stronghold-wasm";
import { NOT_STARTED } from "./messages";
import { fetchPinned } from "./pinned";

/** Fetches the wasm module, by the hash that this worker was built with, and starts it; gives the class whose static functions open sessions. */
export async function loadWasm(url: string): Promise<typeof Session> {
  try {
    await init({ module_or_path: fetchPinned(url, WASM_INTEGRITY) });
  } catch (error) {
    throw new Error(NOT_STARTED, { cause: error });
  }
  return Session;
}
