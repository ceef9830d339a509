/** The draft: what the person changed in a profile and did not save yet, and what becomes of it when somebody else saved first. */
import type { Edit, ProfileOpened, SecretListed, SecretValue } from "../api";
import { asText } from "./calls";

/** One change. What is absent stays as it is. */
export interface Change {
  /** The secret as it was opened; absent for a new one. */
  from?: SecretListed | undefined;
  /** The name it shall have. */
  name: string;
  deleted?: boolean;
  /** The new value; for a reference, its target. */
  value?: string | undefined;
  /** The new note; empty takes it away. */
  note?: string | undefined;
  reference?: boolean | undefined;
  /** The value that the secret had when it was changed: should somebody delete it meanwhile, it can still be written. */
  known?: string | undefined;
}

/** Changes by the key of their row: the secret's id, or `new:` and a number. */
export type Draft = ReadonlyMap<string, Change>;

/** No changes. */
export const NO_DRAFT: Draft = new Map();

/** The draft with changes put in, or with `undefined` taken out. */
export function withChanges(draft: Draft, changes: Iterable<readonly [key: string, change: Change | undefined]>): Draft {
  const next = new Map(draft);
  for (const [key, change] of changes) {
    if (change === undefined || isNothing(change)) {
      next.delete(key);
    } else {
      next.set(key, change);
    }
  }
  return next;
}

/** Whether the change says what is the case already. */
function isNothing({ from, name, deleted, value, note, reference }: Change): boolean {
  return from !== undefined && deleted !== true && name === from.name && value === undefined && note === undefined && reference === undefined;
}

/** What a change does, in a word. */
export function changeWord({ from, name, deleted }: Change): "New" | "Deleted" | "Renamed" | "Changed" {
  return from === undefined ? "New" : deleted ? "Deleted" : from.name === name ? "Changed" : "Renamed";
}

/** Whether a secret is a reference once the change is made. */
export function isReference({ reference, from }: Change): boolean {
  return reference ?? from?.kind === "reference";
}

/**
 * The draft as an edit. A name is part of what is encrypted: a secret that is renamed and changed is written under the new name and
 * deleted under the old one. A note alone is written with the value as it is now, which `reveal` gives.
 */
export async function toEdit(draft: Draft, reveal: (name: string) => Promise<SecretValue>): Promise<Edit> {
  const edit = { set: [] as NonNullable<Edit["set"]>, delete: [] as string[], rename: [] as NonNullable<Edit["rename"]> };
  for (const change of draft.values()) {
    const { from, name, deleted, value, note, reference } = change;
    const moved = from !== undefined && name !== from.name;
    if (from !== undefined && deleted) {
      edit.delete.push(from.name);
    } else if (from !== undefined && moved && value === undefined && note === undefined && reference === undefined) {
      edit.rename.push({ from: from.name, to: name });
    } else {
      const text = value ?? (from === undefined ? "" : asText(await reveal(from.name)));
      if (text === undefined) {
        throw Object.assign(new Error(`the value of ${name} is not text, so its note and kind cannot be changed here`), { kind: "failure", conflict: false, advice: "give it a new value, or use the command line" });
      }
      const kept = moved ? from.note : undefined;
      edit.set.push({ name, value: text, reference: isReference(change), ...(note === undefined && kept === undefined ? {} : { note: note ?? kept ?? "" }) });
      if (moved) {
        edit.delete.push(from.name);
      }
    }
  }
  return edit;
}

/** A secret that both touched. */
export interface Clash {
  key: string;
  mine: Change;
  /** As it is now; absent where they deleted it. */
  theirs?: SecretListed | undefined;
}

/** Something that only they did. */
export interface TheirChange {
  name: string;
  what: "created" | "changed" | "deleted";
}

/** What became of a draft on top of a newer revision. */
export interface Rebased {
  /** The profile as it was when the draft was made, and the revision that the draft is on now. */
  before: ProfileOpened;
  head: number;
  /** Changes that nobody else touched: they stay. */
  draft: Draft;
  clashes: Clash[];
  theirs: TheirChange[];
  /** Names of secrets that both made the same; nothing is left to be done. */
  agreed: string[];
  /** Names that they gave away meanwhile: those secrets keep their old name for now. */
  taken: string[];
}

/**
 * Puts a draft on top of what the profile holds now. Nothing is lost: what both touched becomes a clash, for the person to decide.
 * `reveal` gives values as they are now.
 */
export async function rebase(before: ProfileOpened, fresh: ProfileOpened, draft: Draft, reveal: (name: string) => Promise<SecretValue>): Promise<Rebased> {
  const nowById = new Map(fresh.secrets.map((secret) => [secret.secret_id, secret]));
  const nowByName = new Map(fresh.secrets.map((secret) => [secret.name, secret]));
  const beforeById = new Map(before.secrets.map((secret) => [secret.secret_id, secret]));
  const rebased: Rebased = { before, head: fresh.revision, draft: NO_DRAFT, clashes: [], theirs: [], agreed: [], taken: [] };
  const kept = new Map<string, Change>();
  const touched = new Set<string>();
  for (const [key, wanted] of draft) {
    const { from } = wanted;
    const theirs = from === undefined ? nowByName.get(wanted.name) : (nowById.get(from.secret_id) ?? nowByName.get(from.name));
    const isTaken = from !== undefined && wanted.name !== from.name && nowByName.has(wanted.name) && !wanted.deleted;
    const change = isTaken ? { ...wanted, name: from.name } : wanted;
    if (isTaken) {
      rebased.taken.push(wanted.name);
    }
    if (isNothing(change)) {
      continue;
    }
    if (from === undefined ? theirs === undefined : theirs?.secret_id === from.secret_id && theirs.version === from.version) {
      kept.set(key, { ...change, from: theirs });
      continue;
    }
    touched.add(from?.secret_id ?? "").add(theirs?.secret_id ?? "");
    if (await isAgreed(change, theirs, reveal)) {
      rebased.agreed.push(change.name);
    } else {
      rebased.clashes.push({ key, mine: change, theirs });
    }
  }
  rebased.draft = kept;
  const add = (secret: SecretListed, what: TheirChange["what"]): void => void (touched.has(secret.secret_id) || rebased.theirs.push({ name: secret.name, what }));
  for (const secret of fresh.secrets) {
    const old = beforeById.get(secret.secret_id);
    if (old?.version !== secret.version) {
      add(secret, old === undefined ? "created" : "changed");
    }
  }
  before.secrets.filter((secret) => !nowById.has(secret.secret_id)).forEach((secret) => add(secret, "deleted"));
  return rebased;
}

/** Whether they did what the change wants. */
async function isAgreed(mine: Change, theirs: SecretListed | undefined, reveal: (name: string) => Promise<SecretValue>): Promise<boolean> {
  if (theirs === undefined || mine.deleted) {
    return theirs === undefined && mine.deleted === true;
  }
  const sameNote = mine.note === undefined || mine.note === (theirs.note ?? "");
  const sameKind = mine.reference === undefined || mine.reference === (theirs.kind === "reference");
  return mine.name === theirs.name && sameNote && sameKind && (mine.value === undefined || asText(await reveal(theirs.name)) === mine.value);
}

/** Whose a secret shall be that both touched. */
export type Choice = "theirs" | "yours";

/** Whether "yours" can be chosen: what they deleted can be written again only with a value. */
export function canKeepMine({ mine, theirs }: Clash): boolean {
  return theirs !== undefined || mine.deleted === true || mine.value !== undefined || mine.known !== undefined;
}

/** The draft after the person chose: what is theirs leaves the draft, what is yours stands on their version. */
export function settle({ draft, clashes }: Rebased, choices: ReadonlyMap<string, Choice>): Draft {
  const settled = new Map(draft);
  for (const { key, mine, theirs } of clashes) {
    if (choices.get(key) === "theirs") {
      continue;
    }
    if (theirs !== undefined) {
      settled.set(theirs.secret_id, { ...mine, from: theirs });
    } else if (!mine.deleted) {
      settled.set(`new:${key}`, { name: mine.name, value: mine.value ?? mine.known ?? "", note: mine.note ?? mine.from?.note, reference: isReference(mine) });
    }
  }
  return settled;
}

/** The draft as it was before anything of it was decided. */
export function undecided({ draft, clashes }: Rebased): Draft {
  return new Map([...draft, ...clashes.map(({ key, mine }) => [key, mine] as const)]);
}
