/** Hooks that pages share: reading with reload, doing with a busy state, keyboard shortcuts. */
import { useCallback, useEffect, useRef, useState, useLayoutEffect } from "preact/hooks";
import type { StrongholdError } from "./api";
import { unsaved } from "./router";
import { shortcuts } from "./shortcuts";
import { directoryTick } from "./state";

/** What a read gave. `data` stays while it is read again, and when that fails, so that a page never blanks. */
export interface Loaded<T> {
  data: T | undefined;
  error: StrongholdError | undefined;
  loading: boolean;
  reload(): void;
}

/** Reads when the page comes, when `inputs` change, and after each change of the directory. Late answers to earlier questions are dropped. */
export function useLoad<T>(read: () => Promise<T>, inputs: unknown[] = []): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: StrongholdError; loading: boolean; key: string }>({ loading: true, key: "" });
  const [round, setRound] = useState(0);
  const key = JSON.stringify(inputs);
  const tick = directoryTick.value;
  useEffect(() => {
    let current = true;
    setState((before) => ({ ...before, data: before.key === key ? before.data : undefined, loading: true, key }));
    read().then(
      (data) => current && setState({ data, loading: false, key }),
      (error: StrongholdError) => current && setState((before) => ({ ...before, error, loading: false })),
    );
    return () => {
      current = false;
    };
  }, [key, tick, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { data: state.key === key ? state.data : undefined, error: state.error, loading: state.loading, reload };
}

/** Something the person does: busy while it runs, its error kept until it is tried again. */
export interface Action<A extends unknown[]> {
  run(...args: A): Promise<void>;
  busy: boolean;
  error: StrongholdError | undefined;
  clear(): void;
}

/** Makes an action that cannot be started twice; `run` never throws, the error is in `error`. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const [state, setState] = useState<{ busy: boolean; error?: StrongholdError }>({ busy: false });
  const running = useRef(false);
  const mounted = useRef(true);
  useEffect(() => () => void (mounted.current = false), []);
  const run = async (...args: A): Promise<void> => {
    if (running.current) {
      return;
    }
    running.current = true;
    setState({ busy: true });
    let error: StrongholdError | undefined;
    try {
      await work(...args);
    } catch (thrown) {
      error = thrown as StrongholdError;
    }
    running.current = false;
    if (mounted.current) {
      setState({ busy: false, error });
    }
  };
  return { run, busy: state.busy, error: state.error, clear: () => setState({ busy: running.current }) };
}

/** Has a key do something while this component is shown, and lists it in the help that "?" opens. */
export function useShortcut(keys: string, label: string, act: () => void, active = true): void {
  const latest = useRef(act);
  latest.current = act;
  useLayoutEffect(() => {
    if (!active) {
      return undefined;
    }
    const shortcut = { keys, label, act: () => latest.current() };
    shortcuts.value = [...shortcuts.value, shortcut];
    return () => {
      shortcuts.value = shortcuts.value.filter((other) => other !== shortcut);
    };
  }, [keys, label, active]);
}

/** Says that this page holds what was typed and not saved: leaving it, or closing the tab, asks first. */
export function useUnsaved(when: boolean): void {
  useEffect(() => {
    unsaved.value = when;
    return () => {
      unsaved.value = false;
    };
  }, [when]);
}
