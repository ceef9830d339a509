/** Importing a dotenv file: dropped on the page, chosen or pasted; what it would do is shown before it is done. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ProfileOpened, SecretListed, StrongholdError } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { useAction } from "../hooks";
import { toast } from "../state";
import { counted } from "../words";
import type { OpenProfile } from "./open";
import { ValueBox } from "./value";

const LARGEST_FILE = 64 * 1024 * 1024;
const NAMES_SHOWN = 200;

/** Reads a file as text, or says why not. */
async function textOf(file: File): Promise<string | undefined> {
  if (file.size > LARGEST_FILE) {
    toast(`${visible(file.name)} is larger than any profile. Is it a dotenv file?`, "bad");
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    toast(`${visible(file.name)} is not text, or could not be read.`, "bad");
    return undefined;
  }
}

/** Takes files that are dropped anywhere on the page. True while one is held over it. */
export function useFileDrop(onText: (text: string) => void, active: boolean): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onText);
  latest.current = onText;
  useEffect(() => {
    if (!active) {
      return undefined;
    }
    const hasFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") === true;
    const dragged = (event: DragEvent): void => {
      if (hasFile(event)) {
        event.preventDefault();
        setOver(true);
      }
    };
    const left = (event: DragEvent): void => void (event.relatedTarget === null && setOver(false));
    const dropped = (event: DragEvent): void => {
      const file = event.dataTransfer?.files[0];
      setOver(false);
      if (file !== undefined) {
        event.preventDefault();
        void textOf(file).then((text) => text !== undefined && latest.current(text));
      }
    };
    addEventListener("dragover", dragged);
    addEventListener("dragleave", left);
    addEventListener("drop", dropped);
    return () => {
      removeEventListener("dragover", dragged);
      removeEventListener("dragleave", left);
      removeEventListener("drop", dropped);
      setOver(false);
    };
  }, [active]);
  return over;
}

interface Preview {
  created: string[];
  updated: string[];
  unchanged: string[];
}

/** Shows what a dotenv file would do, and does it in one revision. */
export function ImportDialog({ profileId, text: dropped, state, opened, onClose }: { profileId: string; text: string; state: OpenProfile; opened: ProfileOpened; onClose(): void }) {
  const [text, setText] = useState(dropped);
  const [preview, setPreview] = useState<Preview>();
  const [first] = useState(opened);
  const file = useRef<HTMLInputElement>(null);
  const look = useAction(async () => setPreview(await session.previewDotenv(profileId, text)));
  useEffect(() => {
    if (dropped !== "") {
      void look.run();
    }
  }, []);
  const run = useAction(async () => {
    try {
      const done = await session.importDotenv(profileId, text, opened.revision);
      toast(`Imported as revision ${done.revision}: ${done.created} created, ${done.updated} updated, ${done.unchanged} unchanged.`);
    } catch (error) {
      if ((error as StrongholdError).conflict) {
        // Somebody wrote meanwhile: what the import would do is worked out anew, and the person decides again.
        if (await state.refresh()) {
          toast("Nothing was imported yet: your own changes come first. Import the file again afterwards.", "bad");
          return;
        }
        setPreview(await session.previewDotenv(profileId, text));
        return;
      }
      throw error;
    }
    await state.refresh();
    onClose();
  });
  const changes = (preview?.created.length ?? 0) + (preview?.updated.length ?? 0);
  const meanwhile = first.revision === opened.revision ? [] : changedBetween(first, opened);
  const clashing = meanwhile.filter((secret) => preview?.updated.includes(secret.name));
  return (
    <Dialog
      title="Import a dotenv file"
      wide
      onClose={onClose}
      mustStay={run.busy}
      onSubmit={() => void (preview === undefined ? look.run() : changes > 0 && run.run())}
      footer={
        preview === undefined ? (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button type="submit" kind="primary" busy={look.busy} disabled={text.trim() === ""}>Look at what it would do</Button>
          </>
        ) : (
          <>
            <Button onPress={() => setPreview(undefined)} disabled={run.busy}>Back</Button>
            <Button type="submit" kind="primary" autoFocus busy={run.busy} disabled={changes === 0}>{changes === 0 ? "Nothing to import" : `Import ${counted(changes, "secret")}`}</Button>
          </>
        )
      }
    >
      {preview === undefined ? (
        <>
          <p class="quiet">Lines like <code>NAME=value</code>. It is read and encrypted on this page; the file goes nowhere.</p>
          <div>
            <input ref={file} type="file" class="visually-hidden" tabIndex={-1} aria-label="Dotenv file" onChange={async (event) => {
              const chosen = event.currentTarget.files?.[0];
              const content = chosen === undefined ? undefined : await textOf(chosen);
              if (content !== undefined) {
                setText(content);
                look.clear();
              }
            }} />
            <Button icon="upload" onPress={() => file.current?.click()}>Choose a file</Button>
          </div>
          <Field label="Or paste it" code rows={10} value={text} onValue={setText} placeholder={"DATABASE_URL=postgres://…\nAPI_KEY=…"} autoFocus />
          <ErrorNote error={look.error} />
        </>
      ) : (
        <>
          {first.revision !== opened.revision && (
            <Note tone="warn">
              <p>Somebody wrote revision {opened.revision} meanwhile, so nothing was imported. This is what the import would do now{clashing.length === 0 ? "; it touches nothing that they changed." : ". It would replace these, which they changed; theirs stay in the history."}</p>
            </Note>
          )}
          {clashing.map((secret) => (
            <section key={secret.secret_id} class="stack-tight">
              <h3 class="code"><Name>{secret.name}</Name></h3>
              <ValueBox name={secret.name} label={`their value of ${visible(secret.name)}`} fetch={() => session.reveal(profileId, secret.name)} of={secret.version} />
            </section>
          ))}
          <Names title="New" names={preview.created}><Badge tone="good">{preview.created.length}</Badge></Names>
          <Names title="Changed" names={preview.updated}><Badge tone="warn">{preview.updated.length}</Badge></Names>
          <Names title="Unchanged" names={preview.unchanged}><Badge>{preview.unchanged.length}</Badge></Names>
          {changes > 0 && <p class="quiet">It becomes one new revision. Secrets that the file does not name stay as they are{state.pending > 0 && "; so do your changes that are not saved"}.</p>}
          <ErrorNote error={run.error} />
        </>
      )}
    </Dialog>
  );
}

function changedBetween(before: ProfileOpened, now: ProfileOpened): SecretListed[] {
  const versions = new Map(before.secrets.map((secret) => [secret.secret_id, secret.version]));
  return now.secrets.filter((secret) => versions.get(secret.secret_id) !== secret.version);
}

function Names({ title, names, children }: { title: string; names: string[]; children: ComponentChildren }) {
  return (
    <section>
      <h3>{title} {children}</h3>
      {names.length > 0 && (
        <p class="name-list code">
          {names.slice(0, NAMES_SHOWN).map((name) => <span key={name}><Name>{name}</Name></span>)}
          {names.length > NAMES_SHOWN && <span class="quiet">and {counted(names.length - NAMES_SHOWN, "other")}</span>}
        </p>
      )}
    </section>
  );
}
