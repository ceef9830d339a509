/** What the page and the worker say to each other. Keys never do: they stay in the worker's wasm memory. */
import type { ErrorKind } from "./api";

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

/** What floors are to be kept, and for which organization. */
export interface Floors {
  org_id: string;
  floors: string;
}

/** An answer, or a step on the way to one. `floors` is there when they changed with this call. */
export type Reply =
  | { id: number; progress: unknown }
  | { id: number; ok: unknown; floors?: Floors }
  | { id: number; error: PlainError; floors?: Floors };
