import { useState } from "preact/hooks";
import type { Approval, Exposed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { ExposedList } from "../components/ExposedList";
import { Time } from "../components/Time";
import { me, toast } from "../state";
import { counted } from "../words";

/** What waits for the signatures of more owners, and what to do about it. Nothing where nothing waits. */
export function Approvals({ approvals }: { approvals: Approval[] }) {
  const [approving, setApproving] = useState<Approval>();
  const [withdrawing, setWithdrawing] = useState<Approval>();
  const [exposed, setExposed] = useState<{ who: string; exposed: Exposed }>();
  return (
    <>
      {approvals.length > 0 && (
        <section class="card" aria-labelledby="approvals">
          <header>
            <h2 id="approvals">Pending <span class="count">{approvals.length}</span></h2>
          </header>
          <p class="quiet">These wait for the signatures of more owners. Nothing of them has changed yet.</p>
          <ul class="approvals">
            {approvals.map((approval) => (
              <li key={approval.approval_id}>
                <ApprovalShown approval={approval} onApprove={() => setApproving(approval)} onWithdraw={() => setWithdrawing(approval)} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {approving !== undefined && (
        <ApproveDialog
          approval={approving}
          onClose={(lost) => {
            setApproving(undefined);
            setExposed(lost);
          }}
        />
      )}
      {withdrawing !== undefined && (
        <ConfirmDialog
          title="Withdraw it?"
          confirm="Withdraw"
          onClose={() => setWithdrawing(undefined)}
          onConfirm={async () => {
            await session.withdrawApproval(withdrawing.approval_id);
            toast("Withdrawn: nothing has changed");
            setWithdrawing(undefined);
          }}
        >
          <p>It is given up, with the signatures that it has: <strong>{changeWords(withdrawing)}</strong>. Everything stays as it is.</p>
        </ConfirmDialog>
      )}
      {exposed !== undefined && (
        <Dialog title="Made" onClose={() => setExposed(undefined)} footer={<Button kind="primary" autoFocus onPress={() => setExposed(undefined)}>Close</Button>}>
          <ExposedList exposed={exposed.exposed} who={exposed.who} />
        </Dialog>
      )}
    </>
  );
}

/** Whether the person can bring it forward: by a signature that it lacks, or by making it when it has all. */
function mayApprove(approval: Approval): boolean {
  return me.value?.is_owner === true && approval.can_be_signed && (approval.missing === 0 || !approval.signed_by.includes(me.value.email));
}

function ApprovalShown({ approval, onApprove, onWithdraw }: { approval: Approval; onApprove(): void; onWithdraw(): void }) {
  return (
    <>
      <div class="stack-tight">
        <p><strong>{changeWords(approval)}</strong></p>
        <p class="quiet">
          Proposed <Time at={approval.since} />. Signed by {approval.signed_by.map((who, index) => <>{index > 0 && ", "}<Name>{who}</Name></>)}.
        </p>
      </div>
      <Badge tone="warn">{approval.missing === 0 ? "Signed, not made" : `${counted(approval.missing, "signature")} missing`}</Badge>
      {me.value?.is_owner === true && (
        <div class="actions">
          <Button small kind="quiet" onPress={onWithdraw}>Withdraw</Button>
          {mayApprove(approval) ? <Button small kind="primary" onPress={onApprove}>Approve</Button> : <span class="quiet">{approval.can_be_signed ? "You have signed" : "Withdraw it"}</span>}
        </div>
      )}
    </>
  );
}

function ApproveDialog({ approval, onClose }: { approval: Approval; onClose(lost?: { who: string; exposed: Exposed }): void }) {
  const [asked] = useState(approval);
  const last = asked.missing <= 1;
  return (
    <ConfirmDialog
      title="Sign it?"
      confirm="Approve"
      danger={asked.former_owners.length > 0}
      onClose={() => onClose()}
      onConfirm={async () => {
        const decision = await session.approve(asked.approval_id, asked.changes);
        if (decision.status === "pending") {
          toast("Signed. It is still pending", "plain");
          onClose();
          return;
        }
        toast("Signed, and made");
        onClose(await exposedOf(asked.former_owners));
      }}
    >
      <p><strong>{changeWords(asked)}</strong></p>
      {asked.new_owners.length > 0 && <Note>This is made from what you sign. Compare the fingerprint with what the new owner tells you, in person or by another way that only they have: an address is what somebody wrote.</Note>}
      {asked.former_owners.length > 0 && <Note tone="warn">They could read everything: every profile is encrypted anew when it is made.</Note>}
      <p>{last ? "With your signature it is made at once, unless it removes you: then another owner makes it." : `After your signature ${counted(asked.missing - 1, "more is", "more are")} missing, and nothing changes until then.`}</p>
    </ConfirmDialog>
  );
}

/** What those who lost access by an approval had read and could have read; nothing where that is nothing. */
async function exposedOf(addresses: string[]): Promise<{ who: string; exposed: Exposed } | undefined> {
  if (addresses.length === 0) {
    return undefined;
  }
  const to = (secret: { exposed_to: { kind: string; name: string; read?: boolean | null }[] }, read: boolean): boolean =>
    secret.exposed_to.some((who) => who.kind === "user" && addresses.includes(who.name) && (!read || who.read === true));
  const all = await session.exposures();
  const exposed = { read: all.filter((secret) => to(secret, true)), could_read: all.filter((secret) => to(secret, false)) };
  return exposed.could_read.length === 0 ? undefined : { who: addresses.join(", "), exposed };
}

/** What a pending change does, in words: all of it, as the SDK says. */
function changeWords({ changes }: Approval): string {
  return changes.map(visible).join("; ");
}
