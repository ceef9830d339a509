import { useState } from "preact/hooks";
import type { PersonListed, RekeyProgress } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { ConfirmDialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { Progress } from "../components/Progress";
import { toast } from "../state";
import { VoidsPending } from "./pending";
import { isManager } from "./roles";

/** Puts in force the new keys that a member asks for: shows whose, and what to compare. */
export function ConfirmKeysDialog({ person, onClose }: { person: PersonListed & { user_id: string; new_keys: string }; onClose(): void }) {
  // What is shown is what is confirmed, whatever is asked for meanwhile.
  const [{ email, user_id, new_keys, role }] = useState(person);
  const [progress, setProgress] = useState<RekeyProgress>();
  const [running, setRunning] = useState(false);
  return (
    <ConfirmDialog
      title={`New keys of ${visible(email)}?`}
      confirm="Confirm new keys"
      danger={false}
      onClose={onClose}
      onConfirm={async () => {
        setRunning(true);
        try {
          await session.confirmKeys(user_id, new_keys, setProgress);
        } finally {
          setRunning(false);
        }
        toast(`${visible(email)} has new keys`);
        onClose();
      }}
    >
      <p><Name>{email}</Name> asks for new keys with this fingerprint:</p>
      <p><code class="new-keys">{new_keys}</code></p>
      <Note>Compare it with what they tell you, in person or by another way that only they have. Somebody who has their keys so far can ask as well as they can. If it is another one, remove them.</Note>
      <p>What the keys so far could open is encrypted anew. They sign in again on each device.</p>
      {isManager(role) && <VoidsPending />}
      {running && <Progress progress={progress} />}
    </ConfirmDialog>
  );
}
