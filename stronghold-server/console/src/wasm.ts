/** The one place that knows where the cryptography comes from. Only the worker imports it. */
import init, { Session } from "stronghold-wasm";
import moduleUrl from "stronghold-wasm/stronghold_wasm_bg.wasm?url";

/** Fetches and starts the wasm module; gives the class whose static functions open sessions. */
export async function loadWasm(): Promise<typeof Session> {
  await init({ module_or_path: fetch(moduleUrl, { integrity: WASM_INTEGRITY }) });
  return Session;
}
