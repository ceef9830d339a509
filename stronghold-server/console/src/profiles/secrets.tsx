/** The secrets of a profile: looked at, searched, revealed, and changed in a draft. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ProfileListed, ProfileOpened, SecretListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Skeleton } from "../components/Spinner";
import { Time } from "../components/Time";
import { useShortcut } from "../hooks";
import { counted } from "../words";
import { DraftBar } from "./draft-bar";
import { changeWord, isReference, type Change } from "./draft";
import { SecretEditor, SecretViewer } from "./editor";
import { ImportDialog, useFileDrop } from "./import";
import type { OpenProfile } from "./open";
import { SecretHistoryDialog } from "./secret-history";
import { StaleSave } from "./stale";
import { RowValue } from "./value";
import { bytesWords } from "./words";

interface Row {
  key: string;
  name: string;
  secret?: SecretListed | undefined;
  change?: Change | undefined;
}

/** What is open over the table. */
type Over = { is: "secret"; key: string } | { is: "new" } | { is: "history"; name: string } | { is: "import"; text: string };

/** The tab of the secrets. `wanted` is the id of a secret to open at once. */
export function Secrets({ profile, state, wanted, onWantedSeen }: { profile: ProfileListed; state: OpenProfile; wanted: string | undefined; onWantedSeen(): void }) {
  const { opened } = state;
  useEffect(() => {
    if (opened === undefined && profile.readable) {
      void state.open();
    }
  }, [profile.readable]);
  if (!profile.readable && opened === undefined) {
    return null;
  }
  if (opened === undefined) {
    return state.error === undefined ? <Skeleton lines={6} /> : (
      <div class="stack">
        <ErrorNote error={state.error} />
        <div><Button icon="refresh" busy={state.opening} onPress={() => state.open()}>Try again</Button></div>
      </div>
    );
  }
  if (state.stale !== undefined) {
    return <StaleSave profile={profile} state={state} stale={state.stale} />;
  }
  return <OpenSecrets profile={profile} opened={opened} state={state} wanted={wanted} onWantedSeen={onWantedSeen} />;
}

function OpenSecrets({ profile, opened, state, wanted, onWantedSeen }: { profile: ProfileListed; opened: ProfileOpened; state: OpenProfile; wanted: string | undefined; onWantedSeen(): void }) {
  const [over, setOver] = useState<Over>();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const { draft, change } = state;
  const id = profile.profile_id;
  const writes = profile.writable && !profile.rekeying && !state.save.busy;
  const plain = useMemo(() => opened.secrets.map((secret): Row => ({ key: secret.secret_id, name: secret.name, secret })), [opened]);
  const rows = useMemo(() => withDraft(plain, draft), [plain, draft]);
  const names = useMemo(() => new Map(opened.secrets.map((secret) => [secret.name, secret.secret_id])), [opened]);
  useEffect(() => {
    if (wanted !== undefined) {
      onWantedSeen();
      setOver(opened.secrets.some((secret) => secret.secret_id === wanted) ? { is: "secret", key: wanted } : undefined);
    }
  }, [wanted]);
  const add = (): void => setOver({ is: "new" });
  const save = (): void => void state.save.run();
  useShortcut("n", "Add secret", add, writes);
  useShortcut("s", "Save the changes", save, writes && draft.size > 0);
  const isDropping = useFileDrop((text) => setOver({ is: "import", text }), writes && over === undefined);

  const tick = (key: string, on: boolean): void => {
    const next = new Set(ticked);
    on ? next.add(key) : next.delete(key);
    setTicked(next);
  };
  const remove = (keys: ReadonlySet<string>): void => {
    state.changeAll(rows.filter((row) => keys.has(row.key)).map(({ key, secret }) => [key, secret === undefined ? undefined : { from: secret, name: secret.name, deleted: true }]));
    setTicked(new Set());
    setOver(undefined);
  };
  const isTaken = (name: string, except: string): boolean => {
    const owner = names.get(name);
    return (owner !== undefined && owner !== except) || [...draft].some(([key, other]) => key !== except && !other.deleted && other.name === name);
  };

  const columns: Column<Row>[] = [
    { key: "name", title: "Name", cell: (row) => <RowName row={row} />, sort: (row) => row.name },
    { key: "value", title: "Value", width: "260px", cell: (row) => <ValueCell id={id} row={row} onUndo={() => change(row.key, undefined)} /> },
    { key: "note", title: "Note", minor: true, cell: (row) => <NoteCell row={row} /> },
    { key: "version", title: "Version", minor: true, width: "100px", align: "end", cell: (row) => <span class="numbers">{row.secret?.version ?? "new"}</span>, sort: (row) => row.secret?.version },
    { key: "updated", title: "Updated", minor: true, width: "160px", cell: (row) => <Time at={row.secret?.updated_at} never="not saved" />, sort: (row) => row.secret?.updated_at },
    { key: "size", title: "Size", minor: true, width: "90px", align: "end", cell: (row) => <span class="numbers">{row.secret === undefined ? "" : bytesWords(row.secret.bytes)}</span>, sort: (row) => row.secret?.bytes },
  ];
  if (writes) {
    columns.push({
      key: "tick",
      title: "Select",
      hideTitle: true,
      width: "44px",
      align: "end",
      cell: (row) => <input type="checkbox" class="row-tick" aria-label={`Select ${visible(row.name)}`} checked={ticked.has(row.key)} onChange={(event) => tick(row.key, event.currentTarget.checked)} />,
    });
  }
  const editing = over?.is === "secret" ? rows.find((row) => row.key === over.key) : undefined;
  const close = (): void => setOver(undefined);
  const keep = (key: string) => (changed: Change): void => {
    change(key, changed);
    close();
  };
  const toolbar = profile.writable && (
    <div class="actions">
      <Button kind="primary" icon="plus" onPress={add} disabled={!writes}>Add secret</Button>
      <Button icon="upload" onPress={() => setOver({ is: "import", text: "" })} disabled={!writes}>Import</Button>
    </div>
  );
  const newer = profile.revision !== undefined && profile.revision > opened.revision && !state.opening && !state.save.busy;
  return (
    <div class="stack">
      {newer && (
        <Note>Somebody wrote revision {profile.revision}; you see revision {opened.revision}. <Button small icon="refresh" onPress={() => state.open()}>Show what is new</Button></Note>
      )}
      {ticked.size > 0 && writes && (
        <div class="tick-bar" role="status">
          <span>{counted(ticked.size, "secret")} selected</span>
          <Button small icon="trash" onPress={() => remove(ticked)}>Delete</Button>
          <Button small onPress={() => setTicked(new Set(rows.map((row) => row.key)))}>Select all {rows.length}</Button>
          <Button small onPress={() => setTicked(new Set())}>Select none</Button>
        </div>
      )}
      <DataTable
        label="Secrets"
        rows={rows}
        columns={columns}
        rowKey={(row) => row.key}
        onOpen={(row) => setOver({ is: "secret", key: row.key })}
        search={(row) => `${row.name} ${row.change?.note ?? row.secret?.note ?? ""}`}
        searchLabel="Search names and notes"
        filters={rows.length === 0 ? undefined : toolbar || undefined}
        empty={
          <EmptyState icon="lock" title="No secret yet" action={toolbar || undefined}>
            <p>A secret is a name and a value, encrypted here before it leaves this page: the server never sees either. {profile.writable ? "Add one, or drop a dotenv file anywhere on this page." : "Who may write this profile adds them."}</p>
          </EmptyState>
        }
      />
      <p class="hint">Revision <span class="numbers">{opened.revision}</span>. Opening this page read the profile once, and the audit log says so; showing and copying values asks the server for nothing.</p>
      {draft.size > 0 && <DraftBar state={state} />}
      {over?.is === "new" && <SecretEditor profileId={id} secret={undefined} change={undefined} isTaken={(name) => isTaken(name, "")} onChange={keep(`new:${Date.now()}`)} onClose={close} />}
      {editing !== undefined && (writes ? (
        <SecretEditor
          key={editing.key}
          profileId={id}
          secret={editing.secret}
          change={editing.change?.deleted ? undefined : editing.change}
          isTaken={(name) => isTaken(name, editing.key)}
          onChange={keep(editing.key)}
          onDelete={() => remove(new Set([editing.key]))}
          onHistory={profile.history && editing.secret !== undefined ? () => setOver({ is: "history", name: editing.secret?.name ?? "" }) : undefined}
          onClose={close}
        />
      ) : editing.secret !== undefined && <SecretViewer profileId={id} secret={editing.secret} onHistory={profile.history ? () => setOver({ is: "history", name: editing.secret?.name ?? "" }) : undefined} onClose={close} />)}
      {over?.is === "history" && <SecretHistoryDialog profile={profile} secret={over.name} onWritten={state.refresh} onClose={close} />}
      {over?.is === "import" && <ImportDialog profileId={id} text={over.text} state={state} opened={opened} onClose={close} />}
      {isDropping && <div class="drop-zone" aria-hidden="true"><span>Drop a dotenv file to import it</span></div>}
    </div>
  );
}

/** The rows with what the draft makes of them: what is new first. Rows without a change stay the same objects. */
function withDraft(rows: Row[], draft: OpenProfile["draft"]): Row[] {
  if (draft.size === 0) {
    return rows;
  }
  const added = [...draft].filter(([, change]) => change.from === undefined).map(([key, change]): Row => ({ key, name: change.name, change }));
  return [...added, ...rows.map((row) => {
    const change = draft.get(row.key);
    return change === undefined ? row : { ...row, name: change.name, change };
  })];
}

function RowName({ row: { name, secret, change } }: { row: Row }) {
  const word = change === undefined ? undefined : changeWord(change);
  return (
    <span class="row-name">
      <span class={change?.deleted ? "struck code" : "code"}><Name>{name}</Name></span>
      {word !== undefined && <Badge tone={word === "Deleted" ? "bad" : "accent"} title={word === "Renamed" && secret !== undefined ? `It was ${visible(secret.name)}. Not saved yet` : "Not saved yet"}>{word}</Badge>}
    </span>
  );
}

function NoteCell({ row: { secret, change } }: { row: Row }) {
  const note = change?.note ?? secret?.note ?? "";
  return note === "" ? null : <span class="quiet" title={visible(note)}><Name>{note}</Name></span>;
}

function ValueCell({ id, row: { key, name, secret, change }, onUndo }: { id: string; row: Row; onUndo(): void }) {
  if (change?.deleted) {
    return <Button small onPress={onUndo}>Undo<span class="visually-hidden"> deleting {visible(name)}</span></Button>;
  }
  const { value } = change ?? {};
  const isRef = change === undefined ? secret?.kind === "reference" : isReference(change);
  return <RowValue name={name} reference={isRef} of={`${key} ${secret?.version} ${value}`} fetch={value !== undefined || secret === undefined ? async () => ({ text: value ?? "" }) : () => session.reveal(id, secret.name)} />;
}
