/** What a table shows of its rows: filtered by the words of the search, sorted, and only those near what is on the screen. */
import { useMemo } from "preact/hooks";

/** Which column sorts, and which way. */
export interface Sorting {
  key: string;
  down: boolean;
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Compares two sort values; what is absent comes last whichever way it is sorted. */
function compare(a: string | number | undefined, b: string | number | undefined, down: boolean): number {
  if (a === undefined || b === undefined) {
    return a === b ? 0 : a === undefined ? 1 : -1;
  }
  const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  return down ? -order : order;
}

/** The rows that hold every word of the search, in order. What is searched is put together once for all key strokes. */
export function useRows<R>(rows: R[], words: string, text: ((row: R) => string) | undefined, sorting: Sorting | undefined, value: ((row: R) => string | number | undefined) | undefined): R[] {
  const searchable = useMemo(() => (text === undefined ? [] : rows.map((row) => text(row).toLowerCase())), [rows]);
  const sorted = useMemo(() => {
    const order = rows.map((row, index) => ({ index, value: value?.(row) }));
    return value === undefined ? order : order.sort((a, b) => compare(a.value, b.value, sorting?.down ?? false) || a.index - b.index);
  }, [rows, sorting?.key, sorting?.down]);
  return useMemo(() => {
    const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const found = wanted.length === 0 || text === undefined ? sorted : sorted.filter(({ index }) => wanted.every((word) => searchable[index]?.includes(word)));
    return found.flatMap(({ index }) => rows.slice(index, index + 1));
  }, [sorted, searchable, words]);
}

/** From this many rows on, only those near the screen are in the page. */
export const VIRTUAL_ABOVE = 100;

/** The height of a row in pixels, as in table.css. */
export const ROW_HEIGHT = 44;

/** The rows to put into the page when the box is scrolled to `top` and `height` pixels high. */
export function visibleRange(count: number, top: number, height: number): { from: number; to: number } {
  if (count <= VIRTUAL_ABOVE) {
    return { from: 0, to: count };
  }
  const spare = 8;
  const from = Math.max(0, Math.min(Math.floor(top / ROW_HEIGHT) - spare, count - 1));
  return { from, to: Math.min(count, from + Math.ceil((height || 800) / ROW_HEIGHT) + 2 * spare) };
}
