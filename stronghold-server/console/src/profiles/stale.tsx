/** A save that came too late: theirs and yours side by side, and the person chooses. Until then nothing is written and nothing is lost. */
import { useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { Difference, ProfileListed, RevisionListed, SecretListed, SecretValue } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Time } from "../components/Time";
import { counted } from "../words";
import { DiscardDialog } from "./draft-bar";
import { canKeepMine, changeWord, type Change, type Choice, type Clash, type Rebased, type TheirChange } from "./draft";
import type { OpenProfile } from "./open";
import { ValueBox } from "./value";

/** What the history says of the time between, for whoever may read it. */
interface Between {
  revisions: RevisionListed[];
  differences: Map<string, Difference>;
}

/** Asks the history what was written since the draft was begun. It only adds: without it the choice is the same. */
function useBetween(profile: ProfileListed, { before, head }: Rebased): Between | undefined {
  const [between, setBetween] = useState<Between>();
  useEffect(() => {
    let current = true;
    setBetween(undefined);
    if (profile.history && head > before.revision) {
      Promise.all([session.profileHistory(profile.profile_id), session.diff(profile.profile_id, before.revision, head)]).then(
        ([revisions, differences]) => current && setBetween({
          revisions: revisions.filter(({ revision }) => revision > before.revision && revision <= head),
          differences: new Map(differences.map((difference) => [difference.secret_id, difference])),
        }),
        () => undefined,
      );
    }
    return () => {
      current = false;
    };
  }, [profile.profile_id, before.revision, head]);
  return between;
}

/** Takes the place of the table until the person has chosen. */
export function StaleSave({ profile, state, stale }: { profile: ProfileListed; state: OpenProfile; stale: Rebased }) {
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map());
  const [discarding, setDiscarding] = useState(false);
  const between = useBetween(profile, stale);
  const { clashes, draft, theirs, agreed, taken } = stale;
  // Another round asks anew about what changed again; what was chosen for the others of this round is in the draft.
  useLayoutEffect(() => setChoices(new Map()), [stale]);
  const open = clashes.filter(({ key }) => !choices.has(key)).length;
  const mine = useMemo(() => [...draft.values()], [draft]);
  const toSave = draft.size + clashes.filter(({ key }) => choices.get(key) === "yours").length;
  const choose = (key: string, choice: Choice): void => setChoices(new Map(choices).set(key, choice));
  const busy = state.decide.busy;
  return (
    <section class="stack" aria-labelledby="stale-title">
      <div class="card stale">
        <header><h2 id="stale-title" tabIndex={-1} ref={focusOnce}>The profile changed before you saved</h2></header>
        <p>
          You began on revision {stale.before.revision}; it is now at revision {stale.head}. <strong>Nothing of yours was written, and nothing is lost</strong>: what they saved stays in the history, and yours stays here until you save or discard it.
        </p>
        {between !== undefined && between.revisions.length > 0 && (
          <ul class="stale-list">
            {between.revisions.map((revision) => <li key={revision.revision}>Revision {revision.revision} by <Name>{revision.author}</Name>, <Time at={revision.time} />: {revision.written} written, {revision.deleted} deleted.</li>)}
          </ul>
        )}
        {clashes.length === 0 && <Note tone="good">Nobody touched what you changed, so both are kept. Save again.</Note>}
        {clashes.map((clash) => (
          <ClashCard key={clash.key} profileId={profile.profile_id} clash={clash} before={between?.differences.get(clash.mine.from?.secret_id ?? "")?.old?.value} choice={choices.get(clash.key)} onChoice={(choice) => choose(clash.key, choice)} />
        ))}
        {taken.length > 0 && <Note tone="warn">These names were given to other secrets meanwhile: {taken.map((name, index) => <>{index > 0 && ", "}<Name>{name}</Name></>)}. Yours keep their old names; rename them to something else.</Note>}
        <div class="stale-kept">
          <Kept title="Only yours" about="kept, to be saved" names={mine.map((change) => ({ name: change.name, what: changeWord(change).toLowerCase() }))} />
          <Kept title="Only theirs" about="kept as they are" names={theirs} />
          {agreed.length > 0 && <Kept title="The same by both" about="nothing left to do" names={agreed.map((name) => ({ name, what: "agreed" }))} />}
        </div>
        <ErrorNote error={state.decide.error} />
        <div class="stale-foot">
          <span class="quiet" role="status">{open > 0 ? `${counted(open, "choice")} left.` : toSave === 0 ? "Nothing of yours is left to save." : `${counted(toSave, "change")} will be saved on revision ${stale.head}.`}</span>
          <div class="actions">
            <Button onPress={() => setDiscarding(true)} disabled={busy}>Discard all mine</Button>
            {toSave > 0 && <Button disabled={open > 0 || busy} onPress={() => state.decide.run(choices, false)}>Decide, save later</Button>}
            <Button kind="primary" disabled={open > 0} busy={busy} onPress={() => state.decide.run(choices, true)}>{open === 0 && toSave === 0 ? "Done" : "Save"}</Button>
          </div>
        </div>
      </div>
      {discarding && <DiscardDialog state={state} onClose={() => setDiscarding(false)} />}
    </section>
  );
}

function focusOnce(heading: HTMLElement | null): void {
  heading?.focus();
}

function ClashCard({ profileId, clash, before, choice, onChoice }: { profileId: string; clash: Clash; before: SecretValue | undefined; choice: Choice | undefined; onChoice(choice: Choice): void }) {
  const { key, mine, theirs } = clash;
  const name = mine.from?.name ?? mine.name;
  const possible = canKeepMine(clash);
  return (
    <fieldset class="clash">
      <legend class="code"><Name>{name}</Name></legend>
      <div class="clash-sides">
        <div class="clash-side" data-chosen={choice === "theirs"}>
          <label class="clash-choice"><input type="radio" name={`clash-${key}`} checked={choice === "theirs"} onChange={() => onChoice("theirs")} /> Keep theirs</label>
          <Theirs profileId={profileId} theirs={theirs} />
        </div>
        <div class="clash-side" data-chosen={choice === "yours"}>
          <label class="clash-choice"><input type="radio" name={`clash-${key}`} checked={choice === "yours"} disabled={!possible} onChange={() => onChoice("yours")} /> Keep yours</label>
          <Yours mine={mine} theirs={theirs} />
          {!possible && <span class="hint">They deleted it, and you did not change its value. Bring it back under Deleted, then change it again.</span>}
        </div>
      </div>
      {before !== undefined && (
        <details>
          <summary>As it was when you began</summary>
          <ValueBox name={name} label={`the former value of ${visible(name)}`} fetch={async () => before} of={before} />
        </details>
      )}
    </fieldset>
  );
}

function Theirs({ profileId, theirs }: { profileId: string; theirs: SecretListed | undefined }) {
  if (theirs === undefined) {
    return <Badge tone="bad">Deleted</Badge>;
  }
  return (
    <>
      <span class="quiet">Version {theirs.version}, <Time at={theirs.updated_at} />{theirs.kind === "reference" && ", a reference"}</span>
      <ValueBox name={theirs.name} label={`their value of ${visible(theirs.name)}`} fetch={() => session.reveal(profileId, theirs.name)} of={theirs.version} />
      {theirs.note !== undefined && theirs.note !== "" && <span class="quiet">Note: <bdi>{theirs.note}</bdi></span>}
    </>
  );
}

function Yours({ mine, theirs }: { mine: Change; theirs: SecretListed | undefined }) {
  const { name, from, note, deleted } = mine;
  if (deleted) {
    return <Badge tone="bad">Deleted</Badge>;
  }
  const value = mine.value ?? (theirs === undefined ? mine.known : undefined);
  return (
    <>
      {from !== undefined && from.name !== name && <span>Renamed to <span class="code"><Name>{name}</Name></span></span>}
      {mine.reference !== undefined && mine.reference !== (theirs?.kind === "reference") && <span class="quiet">{mine.reference ? "A reference" : "A plain value"}</span>}
      {value === undefined ? <span class="quiet">Their value, with what you changed beside it</span> : <ValueBox name={name} label={`your value of ${visible(name)}`} fetch={async () => ({ text: value })} of={value} />}
      {note !== undefined && <span class="quiet">{note === "" ? "Note taken away" : <>Note: <bdi>{note}</bdi></>}</span>}
    </>
  );
}

const SHOWN = 50;

function Kept({ title, about, names }: { title: string; about: string; names: { name: string; what: TheirChange["what"] | string }[] }) {
  return (
    <section>
      <h3>{title} <span class="count">{names.length}</span></h3>
      <p class="quiet">{names.length === 0 ? "None." : `${about}:`}</p>
      <ul class="stale-list">
        {names.slice(0, SHOWN).map(({ name, what }) => <li key={`${what} ${name}`}><span class="code"><Name>{name}</Name></span> <span class="quiet">{what}</span></li>)}
        {names.length > SHOWN && <li class="quiet">and {counted(names.length - SHOWN, "other")}</li>}
      </ul>
    </section>
  );
}
