import { useState } from "preact/hooks";
import type { Decision, Exposed, PersonListed, RekeyProgress, Role } from "../api";
import { session } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { ExposedList } from "../components/ExposedList";
import { Progress } from "../components/Progress";
import { useAction } from "../hooks";
import { toast } from "../state";
import { PendingDialog, VoidsPending } from "./pending";
import { RoleChoice } from "./role-choice";
import { isManager, roleLabel } from "./roles";

type Member = PersonListed & { user_id: string };

/** What came of a change of somebody that takes access away, or may. */
type Outcome = { decision: Decision; exposed?: Exposed };

/** Shows what came of it: that it is pending, or what was read and could be read. */
function OutcomeDialog({ outcome, what, who, onClose }: { outcome: Outcome; what: string; who: string; onClose(): void }) {
  if (outcome.decision.status === "pending") {
    return <PendingDialog what={what} onClose={onClose} />;
  }
  return (
    <Dialog title="Done" onClose={onClose} footer={<Button kind="primary" autoFocus onPress={onClose}>Close</Button>}>
      <ExposedList exposed={outcome.exposed ?? { read: [], could_read: [] }} who={who} />
    </Dialog>
  );
}

/** Gives a member another role. Whoever loses reach by it is told of like a removal. */
export function ChangeRoleDialog({ person, onClose }: { person: Member; onClose(): void }) {
  const [before] = useState(person);
  const [role, setRole] = useState<Role>(person.role);
  const [outcome, setOutcome] = useState<Outcome>();
  const name = visible(before.email);
  const change = useAction(async () => {
    const changed = await session.setRole(before.user_id, role);
    const { read, could_read } = changed.exposed ?? { read: [], could_read: [] };
    if (changed.decision.status === "pending" || read.length + could_read.length > 0) {
      setOutcome(changed);
      return;
    }
    toast(`${name} is ${roleLabel(role).toLowerCase()} now`);
    onClose();
  });
  if (outcome !== undefined) {
    return <OutcomeDialog key="done" outcome={outcome} what={`That ${name} becomes ${roleLabel(role).toLowerCase()}`} who={before.email} onClose={onClose} />;
  }
  const losesReach = isManager(before.role) && !isManager(role);
  return (
    <Dialog
      key="ask"
      title={`Role of ${name}`}
      onClose={onClose}
      onSubmit={() => void (role !== before.role && change.run())}
      mustStay={change.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={change.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={change.busy} disabled={role === before.role}>Change role</Button>
        </>
      }
    >
      <RoleChoice value={role} onValue={setRole} />
      {losesReach && <Note tone="warn">As {roleLabel(before.role).toLowerCase()} they reached every profile. Every profile is encrypted anew, and you are told what they had read. This takes a while where there are many.</Note>}
      {role === "auditor" && before.role !== "auditor" && <Note tone="warn">An auditor is in no group: they leave all of theirs, and what those reach is encrypted anew.</Note>}
      {role !== before.role && (isManager(before.role) || isManager(role)) && <VoidsPending />}
      {change.busy && losesReach && <Progress progress={undefined} />}
      <ErrorNote error={change.error} />
    </Dialog>
  );
}

/** Removes a member for good, and tells what they had read. */
export function RemoveDialog({ person, onClose }: { person: Member; onClose(): void }) {
  const [{ email, user_id, role }] = useState(person);
  const [progress, setProgress] = useState<RekeyProgress>();
  const [running, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  const name = visible(email);
  if (outcome !== undefined) {
    return <OutcomeDialog key="done" outcome={outcome} what={`That ${name} is removed`} who={email} onClose={onClose} />;
  }
  return (
    <ConfirmDialog
      key="ask"
      title={`Remove ${name}?`}
      confirm="Remove"
      typed={name}
      onClose={onClose}
      onConfirm={async () => {
        setRunning(true);
        try {
          setOutcome(await session.removeUser(user_id, setProgress));
        } finally {
          setRunning(false);
        }
      }}
    >
      <p>Their keys are refused from now on, and everything that they could read is encrypted anew. Then you are told what they had read, which only its issuers can make worthless. It cannot be undone: whoever shall come back is invited again.</p>
      {isManager(role) && <VoidsPending />}
      {running && <Progress progress={progress} />}
    </ConfirmDialog>
  );
}
