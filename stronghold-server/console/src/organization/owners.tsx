import { useState } from "preact/hooks";
import type { OrganizationInfo } from "../api";
import { session } from "../client";
import { Badge, Name } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { useAction } from "../hooks";
import { PendingDialog } from "../people/pending";
import { href } from "../router";
import { me, toast } from "../state";
import { counted } from "../words";

/** Who decides: owners, admins, and how many owners must sign together. */
export function Owners({ organization }: { organization: OrganizationInfo }) {
  const [changing, setChanging] = useState(false);
  const { owners, admins, owner_threshold: threshold, approvals_pending: pending } = organization;
  return (
    <section class="card" aria-labelledby="owners">
      <header>
        <h2 id="owners">Who decides</h2>
        {me.value?.is_owner === true && <Button small icon="edit" onPress={() => setChanging(true)}>Change threshold</Button>}
      </header>
      <dl class="facts">
        <dt>Owners</dt>
        <dd><Addresses of={owners} /></dd>
        <dt>Admins</dt>
        <dd><Addresses of={admins} /></dd>
        <dt>Owner threshold</dt>
        <dd>{threshold} of {counted(owners.length, "owner")}</dd>
        {pending > 0 && (
          <>
            <dt>Pending</dt>
            <dd><a href={href("people")}><Badge tone="warn">{counted(pending, "change waits", "changes wait")}</Badge></a></dd>
          </>
        )}
        <dt>Roster</dt>
        <dd>version {organization.roster_version} <span class="quiet">of the signed list of owners and admins</span></dd>
      </dl>
      <p class="quiet">
        {threshold === 1
          ? "One owner alone makes, changes and removes owners and admins."
          : `Making, removing or replacing an owner, and changing the threshold, takes ${threshold} owners' signatures. Every client checks them: no server can do without.`}
        {owners.length === 1 && " There is one owner only: if both password and recovery kit are lost, so is the organization. Invite a second one."}
      </p>
      {changing && <ThresholdDialog organization={organization} onClose={() => setChanging(false)} />}
    </section>
  );
}

function Addresses({ of: addresses }: { of: string[] }) {
  return addresses.length === 0 ? <span class="quiet">none</span> : <ul class="addresses">{addresses.map((address) => <li key={address}><Name>{address}</Name></li>)}</ul>;
}

function ThresholdDialog({ organization, onClose }: { organization: OrganizationInfo; onClose(): void }) {
  const [{ owner_threshold: before, owners }] = useState(organization);
  const [typed, setTyped] = useState(String(before));
  const [problem, setProblem] = useState<string>();
  const [pending, setPending] = useState(false);
  const threshold = Number(typed);
  const change = useAction(async () => {
    const { status } = await session.setOwnerThreshold(threshold);
    if (status === "pending") {
      setPending(true);
      return;
    }
    toast(`The owner threshold is ${threshold}`);
    onClose();
  });
  if (pending) {
    return <PendingDialog key="pending" what={`An owner threshold of ${threshold}`} onClose={onClose} />;
  }
  const submit = (): void => {
    const wrong = Number.isInteger(threshold) && threshold >= 1 && threshold <= owners.length ? undefined : `Type a number from 1 to ${owners.length}, which is how many owners there are.`;
    setProblem(wrong);
    if (wrong === undefined) {
      void change.run();
    }
  };
  return (
    <Dialog
      key="ask"
      title="Owner threshold"
      onClose={onClose}
      onSubmit={submit}
      mustStay={change.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={change.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={change.busy} disabled={threshold === before}>Change threshold</Button>
        </>
      }
    >
      <p>So many owners must sign what makes, removes or replaces an owner, and what changes this number. Then one owner alone, or one owner's stolen device, cannot take the organization over. Everything else takes one owner or admin, as before.</p>
      <Field label="Owners who must sign" type="number" min={1} max={owners.length} autoFocus value={typed} onValue={setTyped} error={problem} hint={`There ${owners.length === 1 ? "is 1 owner" : `are ${owners.length} owners`}.`} />
      {threshold > 1 && threshold === owners.length && <Note tone="warn">All owners must sign then. If one of them is lost, nobody can change owners any more: have one owner more than the threshold.</Note>}
      {threshold !== before && Math.max(threshold, before) > 1 && <Note>The change itself takes the signatures of {Math.max(threshold, before)} owners: it is pending until they have signed.</Note>}
      <ErrorNote error={change.error} />
    </Dialog>
  );
}
