// Node has the module beside this file: it is started at once, and `init` need not be called.
import { readFileSync } from "node:fs";
import { initSync } from "./stronghold_wasm.js";

initSync({ module: readFileSync(new URL("./stronghold_wasm_bg.wasm", import.meta.url)) });

export * from "./stronghold_wasm.js";
export { default } from "./stronghold_wasm.js";
