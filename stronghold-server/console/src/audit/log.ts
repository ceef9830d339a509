/** Reading the audit log as a page shows it: newest first, further back on demand, and on as it grows. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { AuditEntry, AuditFilter, StrongholdError } from "../api";
import { session } from "../client";
import { announce } from "../state";
import { counted } from "../words";
import { isOfKind, type Kind } from "./words";

/** What is asked of the log. The kind is looked at here, the rest by the SDK. */
export interface Question {
  filter: AuditFilter;
  kind: Kind;
}

/** What was read of the log, newest first. */
export interface AuditLog {
  /** `undefined` until the first answer. */
  entries: AuditEntry[] | undefined;
  /** Whether there may be more further back. */
  more: boolean;
  loading: boolean;
  error: StrongholdError | undefined;
  /** Positions of what came since the live view was switched on. */
  fresh: ReadonlySet<number>;
  loadMore(): Promise<void>;
  reload(): void;
}

/** How many records make a page of the list, and how many are asked for at once. */
const PAGE = 100;
/** Asked for in a row before the person is shown what there is, where most of the log is of another kind. */
const MOST_QUESTIONS = 10;
const POLL_EVERY = 3000;

interface State {
  entries: AuditEntry[] | undefined;
  next: number | undefined;
  /** Where the log ended when it was read: the live view goes on from there. */
  end: number | undefined;
  loading: boolean;
  error?: StrongholdError | undefined;
  fresh: ReadonlySet<number>;
}

const NOTHING: State = { entries: undefined, next: undefined, end: undefined, loading: true, fresh: new Set() };

/** Reads the log for a question; a new question drops the answers to the former. `onLiveEnded` is told when following cannot go on. */
export function useAuditLog(question: Question, live: boolean, onLiveEnded: () => void): AuditLog {
  const [state, setState] = useState<State>(NOTHING);
  const [round, setRound] = useState(0);
  const current = useRef(0);
  const key = JSON.stringify(question);

  const read = async (before: State): Promise<void> => {
    const mine = ++current.current;
    const isCurrent = (): boolean => mine === current.current;
    setState((now) => (before === NOTHING ? NOTHING : { ...now, loading: true, error: undefined }));
    let { next, end } = before;
    const entries = [...(before.entries ?? [])];
    const wanted = entries.length + PAGE;
    try {
      // Where nothing matches it goes on to the log's beginning: other work gets its turn between two questions.
      for (let questions = 0; questions < MOST_QUESTIONS;) {
        const part = await session.auditList(question.filter, PAGE, next);
        if (!isCurrent()) {
          return;
        }
        entries.push(...part.entries.filter((entry) => isOfKind(entry, question.kind)));
        end ??= part.size;
        questions += part.entries.length > 0 ? 1 : 0;
        next = part.next;
        if (next === undefined || entries.length >= wanted) {
          break;
        }
      }
      setState((now) => ({ entries: joined(now.entries, entries), next, end: Math.max(end ?? 0, now.end ?? 0), loading: false, fresh: now.fresh }));
    } catch (error) {
      if (isCurrent()) {
        setState((now) => ({ ...now, loading: false, error: error as StrongholdError }));
      }
    }
  };

  useEffect(() => {
    void read(NOTHING);
    return () => void (current.current += 1);
  }, [key, round]);

  const from = useRef<number | undefined>(undefined);
  from.current = state.end;
  const ready = state.entries !== undefined;
  useEffect(() => {
    if (!live || !ready) {
      return undefined;
    }
    let stopped = false;
    let asking = false;
    const poll = async (): Promise<void> => {
      if (asking || document.hidden || from.current === undefined) {
        return;
      }
      asking = true;
      try {
        const part = await session.auditSince(question.filter, from.current);
        const added = part.entries.filter((entry) => isOfKind(entry, question.kind)).reverse();
        if (!stopped) {
          setState((now) => ({ ...now, entries: joined(added, now.entries ?? []), end: part.next, fresh: new Set([...now.fresh, ...added.map((entry) => entry.position)]) }));
          if (added.length > 0) {
            announce(`${counted(added.length, "new record")}`);
          }
        }
      } catch (error) {
        // An unreachable server is said above the page, and asked again.
        if (!stopped && (error as StrongholdError).kind !== "unreachable") {
          setState((now) => ({ ...now, error: error as StrongholdError }));
          onLiveEnded();
        }
      } finally {
        asking = false;
      }
    };
    void poll();
    const timer = setInterval(() => void poll(), POLL_EVERY);
    return () => {
      stopped = true;
      clearInterval(timer);
      setState((now) => (now.fresh.size === 0 ? now : { ...now, fresh: new Set() }));
    };
  }, [live, ready, key, round]);

  return {
    entries: state.entries,
    more: state.next !== undefined,
    loading: state.loading,
    error: state.error,
    fresh: state.fresh,
    loadMore: () => read(state),
    reload: () => setRound((before) => before + 1),
  };
}

/** The newest records that match, at most so many, newest first. */
export async function newest(filter: AuditFilter, limit: number): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let next: number | undefined;
  do {
    const part = await session.auditList(filter, limit - entries.length, next);
    entries.push(...part.entries);
    next = part.next;
  } while (next !== undefined && entries.length < limit);
  return entries;
}

/** Newer records before older ones, each once. */
function joined(newer: AuditEntry[] | undefined, older: AuditEntry[]): AuditEntry[] {
  if (newer === undefined || newer.length === 0) {
    return older;
  }
  const first = older[0]?.position ?? -1;
  return [...newer.filter((entry) => entry.position > first), ...older];
}
