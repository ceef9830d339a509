import type { ComponentChildren } from "preact";
import type { Loaded } from "../hooks";
import { Button } from "./Button";
import { ErrorNote } from "./ErrorNote";
import { Skeleton } from "./Spinner";

/** What stands where something is read: grey bars, then the thing, or why it could not be read with a way to try again. What was read before stays. */
export function Loading<T>({ of: loaded, lines, children }: { of: Loaded<T>; lines?: number; children(data: T): ComponentChildren }) {
  return (
    <>
      {loaded.error !== undefined && (
        <div class="stack">
          <ErrorNote error={loaded.error} />
          <div><Button icon="refresh" busy={loaded.loading} onPress={loaded.reload}>Try again</Button></div>
        </div>
      )}
      {loaded.data !== undefined ? children(loaded.data) : loaded.error === undefined && <Skeleton lines={lines ?? 4} />}
    </>
  );
}
