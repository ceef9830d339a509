import { useState } from "preact/hooks";
import type { PersonListed } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { ConfirmDialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { toast } from "../state";
import { PendingDialog, VoidsPending } from "./pending";
import { isManager, roleLabel, roleMay } from "./roles";

/** Confirms whoever accepted an invitation: shows who joins, as what, and what stands behind it. */
export function ConfirmUserDialog({ person, onClose }: { person: PersonListed & { invite_id: string; accepted_keys: string }; onClose(): void }) {
  const [pending, setPending] = useState(false);
  // What is shown is what is confirmed, whatever is accepted meanwhile.
  const [{ email, role, groups, invite_id, accepted_keys, expires_at }] = useState(person);
  if (pending) {
    return <PendingDialog key="pending" what={`That ${visible(email)} joins as ${roleLabel(role).toLowerCase()}`} onClose={onClose} />;
  }
  return (
    <ConfirmDialog
      key="ask"
      title={`Confirm ${visible(email)}?`}
      confirm="Confirm"
      danger={false}
      onClose={onClose}
      onConfirm={async () => {
        const { decision } = await session.confirmUser(invite_id, accepted_keys);
        if (decision.status === "pending") {
          setPending(true);
          return;
        }
        toast(`${visible(email)} is a member now`);
        onClose();
      }}
    >
      <p>You are confirming that this person joins:</p>
      <dl class="facts">
        <dt>Address</dt>
        <dd><Name>{email}</Name></dd>
        <dt>Role</dt>
        <dd>{roleLabel(role)}. {roleMay(role)}</dd>
        <dt>Groups</dt>
        <dd>{groups.length === 0 ? <span class="quiet">none</span> : groups.map((group, index) => <>{index > 0 && ", "}<Name>{group}</Name></>)}</dd>
        <dt>Fingerprint</dt>
        <dd><code class="new-keys">{accepted_keys}</code></dd>
      </dl>
      <Note>Compare the fingerprint with what they tell you, in person or by another way that only they have. Whoever had the code first made these keys; the server could not have put in others.</Note>
      {expires_at !== undefined && Date.parse(expires_at) <= Date.now() && <Note tone="warn">The invitation has ended. Nothing proves that it was accepted before.</Note>}
      {isManager(role) && <VoidsPending />}
    </ConfirmDialog>
  );
}
