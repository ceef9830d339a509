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
/** SHA-384 of the wasm module, as an `integrity` attribute has it. */
declare const WASM_INTEGRITY: string;
