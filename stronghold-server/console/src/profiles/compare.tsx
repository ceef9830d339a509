/** Two revisions of a profile side by side, and going back to one. */
import { useState } from "preact/hooks";
import type { Difference, ProfileListed, SecretValue } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { Loading } from "../components/Loading";
import { Skeleton } from "../components/Spinner";
import { useLoad } from "../hooks";
import { toast } from "../state";
import { counted } from "../words";
import { ValueBox } from "./value";

/** Reads what differs between two revisions once, whatever else changes meanwhile. */
function useDifferences(profileId: string, from: number, to: number) {
  const [cache] = useState(new Map<string, Promise<Difference[]>>());
  return useLoad(() => {
    const key = `${from} ${to}`;
    const known = cache.get(key) ?? session.diff(profileId, from, to);
    cache.set(key, known);
    known.catch(() => cache.delete(key));
    return known;
  }, [profileId, from, to]);
}

/** Compares two revisions; which ones can be changed. */
export function CompareDialog({ profile, from, to, newest, onClose }: { profile: ProfileListed; from: number; to: number; newest: number; onClose(): void }) {
  const [pair, setPair] = useState({ from, to });
  const [typed, setTyped] = useState({ from: String(from), to: String(to) });
  const [problem, setProblem] = useState<string>();
  const differences = useDifferences(profile.profile_id, pair.from, pair.to);
  const submit = (): void => {
    const wanted = { from: Number(typed.from), to: Number(typed.to) };
    const isGood = Object.values(wanted).every((revision) => Number.isInteger(revision) && revision >= 1 && revision <= newest);
    setProblem(isGood ? undefined : `Revisions go from 1 to ${newest}.`);
    if (isGood) {
      setPair(wanted);
    }
  };
  return (
    <Dialog title={`Compare revisions of ${visible(profile.name)}`} wide onClose={onClose} onSubmit={submit} footer={<Button kind="primary" onPress={onClose}>Close</Button>}>
      <div class="compare-pick">
        <Field label="From revision" type="number" min={1} max={newest} value={typed.from} onValue={(value) => setTyped({ ...typed, from: value })} error={problem} />
        <Field label="To revision" type="number" min={1} max={newest} value={typed.to} onValue={(value) => setTyped({ ...typed, to: value })} />
        <Button type="submit" busy={differences.loading}>Compare</Button>
      </div>
      <Loading of={differences} lines={3}>{(found) => <Differences found={found} from={pair.from} to={pair.to} />}</Loading>
    </Dialog>
  );
}

function Differences({ found, from, to }: { found: Difference[]; from: number; to: number }) {
  if (found.length === 0) {
    return <Note>No value differs between revision {from} and revision {to}.</Note>;
  }
  return (
    <div class="differences">
      <p role="status">{counted(found.length, "secret")} {found.length === 1 ? "differs" : "differ"}.</p>
      {found.map((difference) => (
        <section key={difference.secret_id} class="difference" aria-label={visible(difference.name)}>
          <h3><span class="code"><Name>{difference.name}</Name></span> <DifferenceBadge difference={difference} /></h3>
          <div class="clash-sides">
            <Side side={difference.old} revision={from} name={difference.name} />
            <Side side={difference.new} revision={to} name={difference.name} />
          </div>
        </section>
      ))}
    </div>
  );
}

function DifferenceBadge({ difference }: { difference: Difference }) {
  return difference.old === null || difference.old === undefined ? <Badge tone="good">Created</Badge> : difference.new === null || difference.new === undefined ? <Badge tone="bad">Deleted</Badge> : <Badge tone="warn">Changed</Badge>;
}

function Side({ side, revision, name }: { side: { version: number; value?: SecretValue } | null | undefined; revision: number; name: string }) {
  const value = side?.value;
  return (
    <div class="clash-side">
      <span class="quiet">Revision {revision}{side ? `, version ${side.version}` : ""}</span>
      {!side ? <span class="quiet">Not there</span> : value === undefined ? <span class="quiet">Purged: it can no longer be opened</span> : <ValueBox name={name} label={`the value of ${visible(name)} at revision ${revision}`} fetch={async () => value} of={value} />}
    </div>
  );
}

/** Makes the profile hold what it held at a revision, after showing what that changes. */
export function RestoreDialog({ profile, revision, newest, onDone, onClose }: { profile: ProfileListed; revision: number; newest: number; onDone(): Promise<unknown>; onClose(): void }) {
  // What is shown is what is done: on top of the revision that is compared, whatever is written meanwhile.
  const [shown] = useState(newest);
  const differences = useDifferences(profile.profile_id, shown, revision);
  const { back, changed, gone } = wouldBe(differences.data ?? []);
  return (
    <ConfirmDialog
      title={`Restore revision ${revision}?`}
      confirm={`Restore revision ${revision}`}
      danger={false}
      onClose={onClose}
      onConfirm={async () => {
        const done = await session.restoreProfile(profile.profile_id, revision, shown);
        toast(`Restored as revision ${done.revision}: ${done.created} created, ${done.updated} updated, ${done.deleted} deleted.`);
        onClose();
        await onDone();
      }}
    >
      <p>The profile then holds what it held at revision {revision}. That is a new revision: what is there now stays in the history.</p>
      {differences.data === undefined && differences.error === undefined && <Skeleton lines={2} label="Working out what changes" />}
      <ErrorNote error={differences.error} />
      {differences.data?.length === 0 && <Note>No value differs from what is there now.</Note>}
      <Would title="Brought back" names={back} />
      <Would title="Changed to what they were" names={changed} />
      <Would title="Deleted" names={gone} />
    </ConfirmDialog>
  );
}

/** What restoring does, by name: a secret that was deleted and made anew since then is one that changes. */
function wouldBe(differences: Difference[]): { back: string[]; changed: string[]; gone: string[] } {
  const added = new Set(differences.filter((difference) => !difference.old).map(({ name }) => name));
  const removed = new Set(differences.filter((difference) => !difference.new).map(({ name }) => name));
  const both = [...added].filter((name) => removed.has(name));
  return {
    back: [...added].filter((name) => !removed.has(name)),
    changed: [...differences.filter((difference) => difference.old && difference.new).map(({ name }) => name), ...both],
    gone: [...removed].filter((name) => !added.has(name)),
  };
}

const SHOWN = 100;

function Would({ title, names }: { title: string; names: string[] }) {
  if (names.length === 0) {
    return null;
  }
  return (
    <section>
      <h3>{title} <span class="count">{names.length}</span></h3>
      <p class="name-list code">
        {names.slice(0, SHOWN).map((name) => <span key={name}><Name>{name}</Name></span>)}
        {names.length > SHOWN && <span class="quiet">and {counted(names.length - SHOWN, "other")}</span>}
      </p>
    </section>
  );
}
