import { session } from "../client";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { useLoad } from "../hooks";
import { counted } from "../words";

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

/** Warns that a change of the list of owners and admins makes void what waits for more owners; nothing where nothing waits. */
export function VoidsPending() {
  const approvals = useLoad(() => session.approvals());
  const waiting = approvals.data?.length ?? 0;
  return waiting === 0 ? null : (
    <Note tone="warn">{counted(waiting, "change waits", "changes wait")} for more owners. This changes the list of owners and admins: once it is made, what waits is void, and has to be proposed again.</Note>
  );
}
