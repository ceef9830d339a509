/** The interface to the cryptography, as the package has it: types only. The classes themselves live in the worker. */
export type * from "stronghold-wasm";
