import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";

/** Says that a change waits for more owners. Nothing has changed, and this must not sound as if it had. */
export function PendingDialog({ what, onClose }: { what: string; onClose(): void }) {
  return (
    <Dialog title="Pending" onClose={onClose} footer={<Button kind="primary" autoFocus onPress={onClose}>Close</Button>}>
      <Note tone="warn">
        <p><strong>Nothing has changed yet.</strong> {what} takes the signatures of more owners.</p>
      </Note>
      <p>You have signed it. It waits under People, where another owner approves it. Any owner can withdraw it.</p>
    </Dialog>
  );
}
