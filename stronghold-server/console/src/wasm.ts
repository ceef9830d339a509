/** The one place that knows where the cryptography comes from. Only the worker imports it. */
import type { Session } from "./api";

/** Fetches and starts the wasm module; gives the class whose static functions open sessions. */
export async function loadWasm(): Promise<typeof Session> {
  throw new Error("This console was built without its cryptography (bindings/wasm).");
}
