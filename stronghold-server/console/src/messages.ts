/** What the page and the worker say to each other. Keys never do: they stay in the worker's wasm memory. */
import type { ErrorKind } from "./api";

/** What a worker is told first: where the wasm module is. That it is the right one, the worker knows by its hash. */
export interface Start {
  module: string;
}

/** What is said where the worker's script or the wasm module did not come, or is not what was built. */
export const NOT_STARTED =
  "The console's cryptography did not start: its files did not arrive, or are not those that this page was built with. Reload the page. If it stays so, " +
  "do not use this console: work with the command line, and tell the people who run the server.";

/** A call of the page. A function among the arguments is replaced by `PROGRESS`, and each of its calls comes as a `progress` message. */
export interface Request {
  id: number;
  method: string;
  args: unknown[];
}

/** Stands for a function, which cannot be sent. */
export const PROGRESS = "stronghold:progress";

/** An error as plain data, since an Error loses its members on the way. */
export interface PlainError {
  kind: ErrorKind;
  code?: string;
  message: string;
  advice?: string;
  conflict: boolean;
}

/** An answer, or a step on the way to one; or a warning, which is of no call: what was verified cannot be remembered. */
export type Reply =
  | { id: number; progress: unknown }
  | { id: number; ok: unknown }
  | { id: number; error: PlainError }
  | { warning: string };
