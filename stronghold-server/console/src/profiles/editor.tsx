/** One secret: what it is, and changing it. Nothing is written here: what is changed goes into the draft. */
import { useEffect, useState } from "preact/hooks";
import type { SecretListed, SecretValue, StrongholdError } from "../api";
import { session } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field, Select } from "../components/Field";
import { Time } from "../components/Time";
import { asText } from "./calls";
import { isReference, type Change } from "./draft";
import { ALPHABETS, entropy, generate, LONGEST, type Alphabet } from "./generate";
import { nameProblem, noteProblem, targetProblem, valueProblem } from "./problems";
import { ValueBox } from "./value";
import { bytesWords } from "./words";

interface Props {
  profileId: string;
  /** The secret as it is; absent for a new one. */
  secret: SecretListed | undefined;
  /** What the draft has of it so far. */
  change: Change | undefined;
  /** Whether another secret of the profile, as it will be, has a name. */
  isTaken(name: string): boolean;
  onChange(change: Change): void;
  onDelete?: (() => void) | undefined;
  onHistory?: (() => void) | undefined;
  onClose(): void;
}

/** A secret to look at and to change. */
export function SecretEditor({ profileId, secret, change, isTaken, onChange, onDelete, onHistory, onClose }: Props) {
  const [name, setName] = useState(change?.name ?? secret?.name ?? "");
  const [note, setNote] = useState(change?.note ?? secret?.note ?? "");
  const [reference, setReference] = useState(change !== undefined ? isReference(change) : secret?.kind === "reference");
  const [value, setValue] = useState<string | undefined>(change?.value ?? (secret === undefined ? "" : undefined));
  const [problems, setProblems] = useState<{ name?: string | undefined; value?: string | undefined; note?: string | undefined }>({});
  const [present, setPresent] = useState<SecretValue>();
  const [error, setError] = useState<StrongholdError>();
  useEffect(() => {
    if (secret !== undefined) {
      session.reveal(profileId, secret.name).then(setPresent, setError);
    }
  }, []);
  const isBytes = present !== undefined && asText(present) === undefined;
  const kindChanged = reference !== (secret?.kind === "reference");
  // Another kind needs another value; what was opened is left as it is when the kind is put back.
  const changeKind = (on: boolean): void => {
    setReference(on);
    if (secret !== undefined && (value === undefined || value === "")) {
      setValue(on === (secret.kind === "reference") ? undefined : "");
    }
  };
  const submit = (): void => {
    const text = value ?? (present === undefined ? undefined : asText(present));
    const noteChanged = note !== (secret?.note ?? "");
    const found = {
      name: nameProblem(name) ?? (name !== secret?.name && isTaken(name) ? "Another secret has this name." : undefined),
      value: value === undefined && !kindChanged ? undefined : text === undefined ? "This value is not text: give it a new one." : reference ? targetProblem(text, name) : valueProblem(text),
      note: noteProblem(note) ?? (noteChanged && isBytes && value === undefined ? "The note of a value that is not text can only be changed together with the value, or from the command line." : undefined),
    };
    setProblems(found);
    if (Object.values(found).some((problem) => problem !== undefined)) {
      return;
    }
    const sameValue = secret !== undefined && present !== undefined && value === asText(present);
    onChange({
      from: secret,
      name,
      value: sameValue ? undefined : reference ? value?.trim() : value,
      note: secret === undefined ? note || undefined : noteChanged ? note : undefined,
      reference: secret === undefined ? reference : kindChanged ? reference : undefined,
      known: present === undefined ? undefined : asText(present),
    });
  };
  return (
    <Dialog
      title={secret === undefined ? "Add secret" : visible(secret.name)}
      wide
      onClose={onClose}
      onSubmit={submit}
      footer={
        <div class="editor-footer">
          <div class="row">
            {onDelete !== undefined && <Button icon="trash" onPress={onDelete}>Delete</Button>}
            {onHistory !== undefined && <Button icon="history" onPress={onHistory}>History</Button>}
          </div>
          <div class="row">
            <Button onPress={onClose}>Cancel</Button>
            <Button type="submit" kind="primary">{secret === undefined ? "Add to changes" : "Keep change"}</Button>
          </div>
        </div>
      }
    >
      {secret !== undefined && <SecretFacts secret={secret} />}
      <Field label="Name" code value={name} onValue={setName} error={problems.name} placeholder="DATABASE_URL" autoFocus={secret === undefined} hint={secret !== undefined && name !== secret.name ? "Under a new name it is a new secret, with a history of its own. The old one can be brought back under Deleted." : undefined} />
      {value === undefined && secret !== undefined ? (
        <section class="stack-tight" aria-label="Value">
          <h3>{secret.kind === "reference" ? "Target" : "Value"}</h3>
          <ValueBox name={secret.name} label={`the value of ${visible(secret.name)}`} fetch={() => session.reveal(profileId, secret.name)} of={secret.version} />
          <div class="row">
            {!isBytes && <Button small icon="edit" autoFocus disabled={present === undefined} onPress={() => setValue(present === undefined ? "" : asText(present))}>Show and edit</Button>}
            <Button small icon="plus" onPress={() => setValue("")}>Give a new value</Button>
          </div>
          {problems.value !== undefined && <p class="field-error" role="alert">{problems.value}</p>}
        </section>
      ) : (
        <>
          <Field
            label={reference ? "Target" : "Value"}
            code
            rows={reference ? 1 : 5}
            value={value ?? ""}
            onValue={setValue}
            error={problems.value}
            placeholder={reference ? "SECRET or PROFILE/SECRET" : undefined}
            hint={reference ? "SECRET names one of this profile, PROFILE/SECRET one of another. A secret of this profile with a / in its name is written /SECRET; a profile with one in its name, by its id." : present !== undefined && asText(present)?.includes("\r") ? "Its lines ended as on Windows; edited here they end plainly." : undefined}
          />
          {!reference && <Generator onGenerated={setValue} />}
          {secret !== undefined && !kindChanged && <div><Button small onPress={() => setValue(undefined)}>Leave the value as it is</Button></div>}
        </>
      )}
      <Checkbox label="Reference" checked={reference} onChecked={changeKind} hint="Its value is another secret's, looked up by whoever reads it and may read that one too." />
      <Field label="Note" required={false} rows={2} value={note} onValue={setNote} error={problems.note} hint="Encrypted like the value: where it comes from, who renews it." />
      <ErrorNote error={error} />
    </Dialog>
  );
}

/** A secret to look at only. */
export function SecretViewer({ profileId, secret, onHistory, onClose }: { profileId: string; secret: SecretListed; onHistory?: (() => void) | undefined; onClose(): void }) {
  return (
    <Dialog
      title={visible(secret.name)}
      wide
      onClose={onClose}
      footer={
        <>
          {onHistory !== undefined && <Button icon="history" onPress={onHistory}>History</Button>}
          <Button kind="primary" onPress={onClose}>Close</Button>
        </>
      }
    >
      <SecretFacts secret={secret} />
      <ValueBox name={secret.name} label={`the value of ${visible(secret.name)}`} fetch={() => session.reveal(profileId, secret.name)} of={secret.version} />
      {secret.kind === "reference" && <Note>It is a reference: its value names the secret whose value it has.</Note>}
      {secret.note !== undefined && secret.note !== "" && <section><h3>Note</h3><p class="note-text"><bdi>{secret.note}</bdi></p></section>}
    </Dialog>
  );
}

function SecretFacts({ secret }: { secret: SecretListed }) {
  return (
    <p class="quiet numbers">
      Version {secret.version}, updated <Time at={secret.updated_at} />, {bytesWords(secret.bytes)}{secret.kind === "reference" && ", a reference"}.
    </p>
  );
}

function Generator({ onGenerated }: { onGenerated(value: string): void }) {
  const [alphabet, setAlphabet] = useState<Alphabet>("alphanumeric");
  const [length, setLength] = useState("32");
  const count = Number(length);
  const isGood = Number.isInteger(count) && count >= 1 && count <= LONGEST;
  return (
    <details>
      <summary>Generate a random value</summary>
      <div class="generator">
        <Select label="Characters" value={alphabet} onValue={setAlphabet} options={ALPHABETS} />
        <Field label="Length" type="number" min={1} max={LONGEST} value={length} onValue={setLength} error={isGood ? undefined : `From 1 to ${LONGEST}.`} />
        <Button icon="refresh" disabled={!isGood} onPress={() => onGenerated(generate(alphabet, count))}>Generate</Button>
      </div>
      {isGood && <p class="hint" role="status">{entropy(alphabet, count)} bits{entropy(alphabet, count) < 128 && "; 128 or more withstand every guessing"}.</p>}
    </details>
  );
}
