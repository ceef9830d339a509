/** What was changed and is not saved: how much, what it is, and what to do with it. */
import { useState } from "preact/hooks";
import { Badge, Name, visible } from "../components/Badge";
import { Button, IconButton } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { ErrorNote } from "../components/ErrorNote";
import { counted } from "../words";
import { changeWord, type Draft } from "./draft";
import type { OpenProfile } from "./open";

/** The bar at the foot of the page while there is a draft. */
export function DraftBar({ state }: { state: OpenProfile }) {
  const [asking, setAsking] = useState<"review" | "discard">();
  const { draft, pending, save } = state;
  return (
    <section class="draft-bar" aria-label="Changes that are not saved">
      <ErrorNote error={save.error} />
      <div class="draft-bar-row">
        <strong role="status">{counted(pending, "change")}, not saved</strong>
        <div class="actions">
          <Button kind="quiet" onPress={() => setAsking("review")} disabled={save.busy}>Review</Button>
          <Button onPress={() => setAsking("discard")} disabled={save.busy}>Discard</Button>
          <Button kind="primary" busy={save.busy} onPress={save.run}>Save</Button>
        </div>
      </div>
      {asking === "review" && <ReviewDialog draft={draft} onUndo={(key) => state.change(key, undefined)} onClose={() => setAsking(undefined)} />}
      {asking === "discard" && <DiscardDialog state={state} onClose={() => setAsking(undefined)} />}
    </section>
  );
}

/** Asks before the draft is thrown away. */
export function DiscardDialog({ state, onClose }: { state: OpenProfile; onClose(): void }) {
  return (
    <ConfirmDialog
      title={`Discard ${counted(state.pending, "change")}?`}
      confirm="Discard"
      onClose={onClose}
      onConfirm={async () => {
        state.discard();
        onClose();
      }}
    >
      <p>What you changed and did not save is gone then. What is saved stays as it is.</p>
    </ConfirmDialog>
  );
}

function ReviewDialog({ draft, onUndo, onClose }: { draft: Draft; onUndo(key: string): void; onClose(): void }) {
  return (
    <Dialog title={`${counted(draft.size, "change")}, not saved`} onClose={onClose} footer={<Button kind="primary" autoFocus onPress={onClose}>Close</Button>}>
      <p class="quiet">Saving writes all of them as one new revision.</p>
      <ul class="change-list">
        {[...draft].map(([key, change]) => (
          <li key={key}>
            <Badge tone={change.deleted ? "bad" : "accent"}>{changeWord(change)}</Badge>
            <span class="code">
              {change.from !== undefined && change.from.name !== change.name && <><Name>{change.from.name}</Name> → </>}
              <Name>{change.name}</Name>
            </span>
            <IconButton icon="close" label={`Undo the change of ${visible(change.name)}`} onPress={() => onUndo(key)} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
