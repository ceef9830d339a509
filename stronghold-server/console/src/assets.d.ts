/** What Vite makes of imports that are not code. */
declare module "*?worker&url" {
  const url: string;
  export default url;
}
declare module "*?url" {
  const url: string;
  export default url;
}
declare module "*.css";
/** SHA-384 of the worker's script, as an `integrity` attribute has it; it stands in the page's script. */
declare const WORKER_INTEGRITY: string;
/** SHA-384 of the wasm module, as an `integrity` attribute has it. */
declare const WASM_INTEGRITY: string;
