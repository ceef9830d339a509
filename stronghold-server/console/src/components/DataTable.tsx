import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useShortcut } from "../hooks";
import { Icon } from "./Icons";
import { ROW_HEIGHT, useRows, VIRTUAL_ABOVE, visibleRange, type Sorting } from "./table-rows";

/** A column of a table. */
export interface Column<R> {
  key: string;
  title: string;
  cell(row: R): ComponentChildren;
  /** What the column sorts by; without it, it does not sort. */
  sort?: (row: R) => string | number | undefined;
  /** A CSS width; columns without one share what is left. */
  width?: string;
  /** Not shown on narrow screens. */
  minor?: boolean;
  align?: "end";
  /** The title is for screen readers only, as for a column of buttons. */
  hideTitle?: boolean;
}

/** What a table takes. */
export interface DataTableProps<R> {
  /** What the table lists, for screen readers. */
  label: string;
  rows: R[];
  columns: Column<R>[];
  rowKey(row: R): string;
  /** Where a row leads; the first column is the link, and the whole row can be clicked. */
  href?: (row: R) => string;
  /** What a row does instead of leading somewhere. */
  onOpen?: (row: R) => void;
  /** The text that the search box searches; without it there is no box. */
  search?: (row: R) => string;
  searchLabel?: string;
  /** Further filters beside the search box. */
  filters?: ComponentChildren;
  /** How it is sorted at first; without it, as the rows come. */
  sorted?: Sorting;
  /** Shown where there are no rows at all. */
  empty?: ComponentChildren;
}

/** A table that sorts, searches, opens rows by keyboard (arrows, Home, End, Enter) and stays quick with many thousands of rows. */
export function DataTable<R>({ label, rows, columns, rowKey, href, onOpen, search, searchLabel = "Search", filters, sorted, empty }: DataTableProps<R>) {
  const id = useId();
  const [words, setWords] = useState("");
  const [sorting, setSorting] = useState<Sorting | undefined>(sorted);
  const [view, setView] = useState({ top: 0, height: 0 });
  const [wanted, setWanted] = useState<number>();
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const found = useRows(rows, words, search, sorting, columns.find((column) => column.key === sorting?.key)?.sort);
  const { from, to } = visibleRange(found.length, view.top, view.height);
  const virtual = found.length > VIRTUAL_ABOVE;
  useShortcut("/", `Search (${label.toLowerCase()})`, () => input.current?.focus(), search !== undefined);

  const look = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = box.current ?? {};
    setView((before) => (before.top === scrollTop && before.height === clientHeight ? before : { top: scrollTop, height: clientHeight }));
  };
  useEffect(() => {
    look();
    addEventListener("resize", look);
    return () => removeEventListener("resize", look);
  }, [virtual]);
  useEffect(() => {
    box.current?.scrollTo({ top: 0 });
  }, [words, sorting]);
  // The row may first have to be put into the page: it is focused after the render that did.
  useEffect(() => {
    const link = wanted === undefined ? null : box.current?.querySelector<HTMLElement>(`tr[data-index="${wanted}"] .row-link`);
    if (link) {
      link.focus({ preventScroll: !virtual });
      link.scrollIntoView({ block: "nearest" });
      setWanted(undefined);
    }
  });

  const move = (event: KeyboardEvent): void => {
    const row = event.target instanceof HTMLElement && event.target.classList.contains("row-link") ? event.target.closest("tr") : null;
    if (row === null) {
      return;
    }
    const at = Number(row.dataset["index"]);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1, PageDown: at + 10, PageUp: at - 10 };
    const step = steps[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    const next = Math.max(0, Math.min(step, found.length - 1));
    if (virtual && box.current !== null && (next < from || next >= to)) {
      box.current.scrollTop = Math.max(0, next * ROW_HEIGHT - box.current.clientHeight / 2);
      look();
    }
    setWanted(next);
  };

  return (
    <div class="table-area">
      {(search !== undefined || filters !== undefined) && (rows.length > 0 || filters !== undefined) && (
        <div class="table-tools" role="search" aria-label={label}>
          {search !== undefined && (
            <div class="search-box">
              <Icon name="search" />
              <input ref={input} type="search" class="input" aria-label={searchLabel} placeholder={searchLabel} value={words} autocomplete="off" spellcheck={false} onInput={(event) => setWords(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setWords("")} />
              <kbd aria-hidden="true">/</kbd>
            </div>
          )}
          {filters}
          <span class="table-count numbers" role="status">{found.length === rows.length ? `${rows.length}` : `${found.length} of ${rows.length}`}</span>
        </div>
      )}
      {rows.length === 0 ? empty : (
        <div class={virtual ? "table-box virtual" : "table-box"} ref={box} onScroll={virtual ? look : undefined} tabIndex={virtual ? 0 : undefined} role={virtual ? "region" : undefined} aria-label={virtual ? label : undefined}>
          <table class="table" aria-label={label} aria-rowcount={virtual ? found.length + 1 : undefined} aria-describedby={`${id}-help`} onKeyDown={move}>
            <colgroup>
              {columns.map((column) => <col key={column.key} class={[column.minor && "minor", column.hideTitle && "buttons"].filter(Boolean).join(" ") || undefined} style={column.width === undefined ? {} : { inlineSize: column.width }} />)}
            </colgroup>
            <thead>
              <tr aria-rowindex={virtual ? 1 : undefined}>
                {columns.map((column) => (
                  <th key={column.key} scope="col" class={cellClass(column)} aria-sort={column.sort === undefined ? undefined : sorting?.key !== column.key ? "none" : sorting.down ? "descending" : "ascending"}>
                    {column.sort === undefined ? <span class={column.hideTitle ? "visually-hidden" : undefined}>{column.title}</span> : (
                      <button type="button" class="sort" onClick={() => setSorting({ key: column.key, down: sorting?.key === column.key && !sorting.down })}>
                        {column.title}
                        {sorting?.key === column.key && <Icon name={sorting.down ? "down" : "up"} />}
                      </button>
                    )}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {from > 0 && <tr class="spacer" aria-hidden="true" style={{ blockSize: `${from * ROW_HEIGHT}px` }}><td /></tr>}
              {found.slice(from, to).map((row, offset) => (
                <tr key={rowKey(row)} data-index={from + offset} aria-rowindex={virtual ? from + offset + 2 : undefined} class={href || onOpen ? "opens" : undefined}>
                  {columns.map((column, position) => position > 0 || (!href && !onOpen) ? <td key={column.key} class={cellClass(column)}>{column.cell(row)}</td> : (
                    <th key={column.key} scope="row" class={cellClass(column)}>
                      {href ? <a class="row-link" href={href(row)}>{column.cell(row)}</a> : <button type="button" class="row-link" onClick={() => onOpen?.(row)}>{column.cell(row)}</button>}
                    </th>
                  ))}
                </tr>
              ))}
              {to < found.length && <tr class="spacer" aria-hidden="true" style={{ blockSize: `${(found.length - to) * ROW_HEIGHT}px` }}><td /></tr>}
            </tbody>
          </table>
          {found.length === 0 && <p class="no-match">Nothing matches.</p>}
          <p class="visually-hidden" id={`${id}-help`}>{href || onOpen ? "Arrow keys move between rows, Enter opens one." : ""}</p>
        </div>
      )}
    </div>
  );
}

function cellClass<R>(column: Column<R>): string | undefined {
  return [column.minor && "minor", column.align === "end" && "end", column.hideTitle && "buttons"].filter(Boolean).join(" ") || undefined;
}
