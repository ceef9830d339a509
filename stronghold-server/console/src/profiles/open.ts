/** A profile that is open on its page: what it holds, the draft, and what happens when somebody else saved first. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { ProfileOpened, StrongholdError } from "../api";
import { session } from "../client";
import { useAction, useUnsaved, type Action } from "../hooks";
import { me, toast } from "../state";
import { counted } from "../words";
import { NO_DRAFT, rebase, settle, toEdit, undecided, withChanges, type Change, type Choice, type Draft, type Rebased } from "./draft";

interface State {
  opened?: ProfileOpened;
  error?: StrongholdError;
  draft: Draft;
  /** Set while the person has to decide between theirs and yours. */
  stale?: Rebased;
}

/** What the tabs of a profile work with. */
export interface OpenProfile {
  opened: ProfileOpened | undefined;
  /** Why it could not be opened. */
  error: StrongholdError | undefined;
  opening: boolean;
  draft: Draft;
  stale: Rebased | undefined;
  /** How many changes are not saved. */
  pending: number;
  /** Opens it, or opens it again. A draft is kept, on top of what is there now. */
  open(): Promise<void>;
  /** Opens it again if it is open: after something was written besides the draft. True when the person has to decide first. */
  refresh(): Promise<boolean>;
  change(key: string, change: Change | undefined): void;
  changeAll(changes: Iterable<readonly [key: string, change: Change | undefined]>): void;
  discard(): void;
  save: Action<[]>;
  /** Takes over what the person chose; with `thenSave`, saves it on the newer revision. */
  decide: Action<[choices: ReadonlyMap<string, Choice>, thenSave: boolean]>;
}

/** Keeps a profile open until the page is left; then what was opened is wiped. */
export function useOpenProfile(id: string): OpenProfile {
  const [state, setState] = useState<State>({ draft: NO_DRAFT });
  const [opening, setOpening] = useState(false);
  const latest = useRef(state);
  const update = (next: State): void => {
    latest.current = next;
    setState(next);
  };
  useEffect(() => () => {
    // Locking has wiped all already, and a call would start a new worker.
    if (me.value !== undefined) {
      session.closeProfile(id).catch(() => undefined);
    }
  }, [id]);
  const pending = state.draft.size + (state.stale?.clashes.length ?? 0);
  useUnsaved(pending > 0);

  const reveal = (name: string) => session.reveal(id, name);
  const open = async (conflicted = false): Promise<void> => {
    setOpening(true);
    try {
      const fresh = await session.openProfile(id);
      const { opened, stale } = latest.current;
      const draft = stale === undefined ? latest.current.draft : undecided(stale);
      const before = stale?.before ?? opened;
      if (before === undefined || draft.size === 0) {
        update({ opened: fresh, draft: NO_DRAFT });
        return;
      }
      const rebased = await rebase(before, fresh, draft, reveal);
      const quiet = !conflicted && stale === undefined && rebased.clashes.length === 0 && rebased.taken.length === 0;
      update({ opened: fresh, draft: rebased.draft, ...(quiet ? {} : { stale: rebased }) });
    } catch (error) {
      update({ ...latest.current, error: error as StrongholdError });
      if (conflicted) {
        throw error;
      }
    } finally {
      setOpening(false);
    }
  };
  const changeAll: OpenProfile["changeAll"] = (changes) => update({ ...latest.current, draft: withChanges(latest.current.draft, changes) });
  const saveDraft = async (): Promise<void> => {
    const { opened, draft } = latest.current;
    if (opened === undefined || draft.size === 0) {
      return;
    }
    try {
      const done = await session.edit(id, { ...(await toEdit(draft, reveal)), base: opened.revision });
      const did = [done.created > 0 && `${done.created} created`, done.updated > 0 && `${done.updated} updated`, done.deleted > 0 && `${done.deleted} deleted`].filter(Boolean);
      toast(did.length === 0 ? "Nothing had to be written: it is all as you wanted it." : `Saved as revision ${done.revision}: ${did.join(", ")}.`);
    } catch (error) {
      if (!(error as StrongholdError).conflict) {
        throw error;
      }
      await open(true);
      return;
    }
    // The draft stays in view until the profile shows the same.
    latest.current = { ...latest.current, draft: NO_DRAFT };
    await open();
    if (latest.current.error !== undefined) {
      update({ draft: NO_DRAFT, error: latest.current.error });
    }
  };
  const save = useAction(saveDraft);
  const decide = useAction(async (choices: ReadonlyMap<string, Choice>, thenSave: boolean) => {
    const { stale, opened } = latest.current;
    if (stale === undefined || opened === undefined) {
      return;
    }
    const draft = settle(stale, choices);
    update({ opened, draft });
    // By the action of the bar, which is what shows then: an error of the save stands there.
    if (thenSave) {
      await save.run();
    }
  });
  return {
    opened: state.opened,
    error: state.error,
    opening,
    draft: state.draft,
    stale: state.stale,
    pending,
    open: () => open(),
    async refresh() {
      if (latest.current.opened !== undefined) {
        await open();
      }
      return latest.current.stale !== undefined;
    },
    change: (key, change) => changeAll([[key, change]]),
    changeAll,
    discard() {
      const discarded = pending;
      const { opened } = latest.current;
      update({ ...(opened === undefined ? {} : { opened }), draft: NO_DRAFT });
      save.clear();
      decide.clear();
      toast(`${counted(discarded, "change")} discarded.`, "plain");
    },
    // Deciding saves too: it is one thing to the person, busy and failing in one place.
    save: {
      async run() {
        decide.clear();
        await save.run();
      },
      busy: save.busy || decide.busy,
      error: save.error ?? decide.error,
      clear() {
        save.clear();
        decide.clear();
      },
    },
    decide,
  };
}
