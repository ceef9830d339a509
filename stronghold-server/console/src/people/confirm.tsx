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
export function ConfirmUserDialog({ person, onClose }: { person: PersonListed & { invite_id: string }; onClose(): void }) {
  const [pending, setPending] = useState(false);
  const [{ email, role, groups }] = useState(person);
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
        const { decision } = await session.confirmUser(person.invite_id);
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
      </dl>
      <Note>Their keys are signed with the invitation's code, which this console checked; the server could not have put in others. Whoever had the code first made them: confirm when the person whom you gave it to says that it was them.</Note>
      {isManager(role) && <VoidsPending />}
    </ConfirmDialog>
  );
}
