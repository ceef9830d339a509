import { useState } from "preact/hooks";
import type { PersonListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { ConfirmDialog } from "../components/Dialog";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { Menu, type MenuItem } from "../components/Menu";
import { PageHeader } from "../components/PageHeader";
import { Time } from "../components/Time";
import { useLoad, useShortcut } from "../hooks";
import { Approvals } from "../people/approvals";
import { ChangeRoleDialog, RemoveDialog } from "../people/change";
import { ConfirmUserDialog } from "../people/confirm";
import { ConfirmKeysDialog } from "../people/confirm-keys";
import { InviteCodeDialog, InviteDialog, type Invited } from "../people/invite";
import "../people/people.css";
import { mayDecide, roleLabel, roleMay } from "../people/roles";
import { me, toast } from "../state";

/** What is being done to whom. */
type Doing = { what: "confirm" | "keys" | "cancel" | "role" | "remove"; person: PersonListed };

const STATUSES: Record<PersonListed["status"], { label: string; tone: "good" | "plain" | "accent" | "warn"; means: string }> = {
  member: { label: "Member", tone: "good", means: "Their keys are in the directory." },
  invited: { label: "Invited", tone: "plain", means: "The code was not used yet." },
  accepted: { label: "Accepted", tone: "accent", means: "They made their keys, and wait for somebody to confirm them." },
  expired: { label: "Expired", tone: "warn", means: "The code was not used in time. Cancel it, and invite them again." },
};

/** The people: members and invitations, what waits for more owners, and the way to invite somebody. */
export function PeoplePage() {
  const [inviting, setInviting] = useState(false);
  const [invited, setInvited] = useState<Invited>();
  const [doing, setDoing] = useState<Doing>();
  const people = useLoad(async () => {
    const [listed, approvals] = await Promise.all([session.people(), session.approvals()]);
    return { listed, approvals };
  });
  const manages = me.value?.is_manager === true;
  useShortcut("n", "Invite somebody", () => setInviting(true), manages);
  const invite = manages ? <Button kind="primary" icon="plus" onPress={() => setInviting(true)}>Invite</Button> : undefined;
  // Whoever accepts an invitation, or asks for new keys, changes no directory: nothing else has the page read again.
  const refresh = manages ? <Button icon="refresh" busy={people.loading} onPress={people.reload}>Refresh</Button> : undefined;
  const done = (): void => setDoing(undefined);
  return (
    <>
      <PageHeader title="People" about="Who works with the organization, and as what. Each has keys of their own; a code passed outside the server brings them in." actions={<>{refresh}{invite}</>} />
      <Loading of={people} lines={6}>
        {({ listed, approvals }) => (
          <>
            <Approvals approvals={approvals} />
            <div class="people-list">
              <DataTable
                label="People"
                rows={listed}
                columns={columns(manages ? setDoing : undefined, new Set(approvals.flatMap((approval) => [...approval.new_owners, ...approval.former_owners])))}
                rowKey={(person) => person.user_id ?? person.invite_id ?? person.email}
                search={(person) => `${person.email} ${person.role} ${person.status} ${person.groups.join(" ")}`}
                searchLabel="Search people and groups"
              />
            </div>
            {manages && listed.length === 1 && (
              <EmptyState icon="people" title="You are alone" action={invite}>
                <p>Invite a second owner: an organization whose only owner loses password and recovery kit is lost. Editors and auditors join the same way.</p>
              </EmptyState>
            )}
          </>
        )}
      </Loading>
      {inviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onInvited={(made) => {
            setInviting(false);
            setInvited(made);
          }}
        />
      )}
      {invited !== undefined && <InviteCodeDialog invited={invited} onKept={() => setInvited(undefined)} />}
      {doing !== undefined && <Doing doing={doing} onClose={done} />}
    </>
  );
}

function Doing({ doing: { what, person }, onClose }: { doing: Doing; onClose(): void }) {
  const { user_id, invite_id } = person;
  if (what === "role" && user_id !== undefined) {
    return <ChangeRoleDialog person={{ ...person, user_id }} onClose={onClose} />;
  }
  if (what === "keys" && user_id !== undefined && person.new_keys !== undefined) {
    return <ConfirmKeysDialog person={{ ...person, user_id, new_keys: person.new_keys }} onClose={onClose} />;
  }
  if (what === "remove" && user_id !== undefined) {
    return <RemoveDialog person={{ ...person, user_id }} onClose={onClose} />;
  }
  if (what === "confirm" && invite_id !== undefined && person.accepted_keys !== undefined) {
    return <ConfirmUserDialog person={{ ...person, invite_id, accepted_keys: person.accepted_keys }} onClose={onClose} />;
  }
  return invite_id === undefined ? null : <CancelDialog email={person.email} inviteId={invite_id} onClose={onClose} />;
}

function CancelDialog({ email, inviteId, onClose }: { email: string; inviteId: string; onClose(): void }) {
  const name = visible(email);
  return (
    <ConfirmDialog
      title={`Cancel the invitation of ${name}?`}
      confirm="Cancel invitation"
      onClose={onClose}
      onConfirm={async () => {
        await session.cancelInvite(inviteId);
        toast(`The invitation of ${name} is void`);
        onClose();
      }}
    >
      <p>Its code opens nothing any more. Whoever has accepted it cannot be confirmed.</p>
    </ConfirmDialog>
  );
}

/** The columns; `pending` are the addresses of those about whom something waits for more owners. */
function columns(act: ((doing: Doing) => void) | undefined, pending: ReadonlySet<string>): Column<PersonListed>[] {
  const shown: Column<PersonListed>[] = [
    { key: "email", title: "Address", cell: (person) => <Address person={person} pending={pending} />, sort: (person) => person.email },
    { key: "role", title: "Role", width: "90px", minor: true, cell: (person) => <span title={roleMay(person.role)}>{roleLabel(person.role)}</span>, sort: (person) => person.role },
    { key: "status", title: "Status", width: "214px", minor: true, cell: (person) => <Status person={person} pending={pending} />, sort: (person) => person.status },
    { key: "groups", title: "Groups", width: "140px", minor: true, cell: (person) => person.groups.length === 0 ? <span class="quiet">none</span> : <span title={person.groups.map(visible).join(", ")}>{person.groups.map((group, index) => <>{index > 0 && ", "}<Name>{group}</Name></>)}</span>, sort: (person) => person.groups.join(" ") || undefined },
    { key: "seen", title: "Last seen", width: "120px", minor: true, cell: (person) => <Time at={person.last_seen_at} never={person.status !== "member" ? "-" : seesActivity() ? "never" : "not known"} />, sort: (person) => person.last_seen_at },
    { key: "expires", title: "Expires", width: "120px", minor: true, cell: (person) => <Time at={person.expires_at} never="-" />, sort: (person) => person.expires_at },
  ];
  if (act !== undefined) {
    shown.push({ key: "actions", title: "Actions", hideTitle: true, width: "176px", align: "end", cell: (person) => <Actions person={person} pending={pending} act={act} /> });
  }
  return shown;
}

/** The address; on narrow screens with role and status, which have no column of their own there. */
function Address({ person, pending }: { person: PersonListed; pending: ReadonlySet<string> }) {
  return (
    <span title={visible(person.email)}>
      <Name>{person.email}</Name>
      {person.user_id !== undefined && person.user_id === me.value?.user_id && <> <Badge>You</Badge></>}
      <span class="narrow-line">{roleLabel(person.role)} <Status person={person} pending={pending} /></span>
    </span>
  );
}

function Status({ person: { status, email, new_keys }, pending }: { person: PersonListed; pending: ReadonlySet<string> }) {
  const { tone, means, label } = STATUSES[status];
  return (
    <>
      <Badge tone={tone} title={means}>{label}</Badge>
      {new_keys !== undefined && <> <Badge tone="accent" title="They ask for new keys, and wait for somebody to confirm them. Until then their keys so far count.">New keys</Badge></>}
      {pending.has(email) && <> <Badge tone="warn" title="A change waits for the signatures of more owners. Nothing has changed yet.">Pending</Badge></>}
    </>
  );
}

/** Whether the server tells this person when others were served. */
function seesActivity(): boolean {
  return me.value?.is_manager === true || me.value?.role === "auditor";
}

function Actions({ person, pending, act }: { person: PersonListed; pending: ReadonlySet<string>; act(doing: Doing): void }) {
  if (person.user_id === me.value?.user_id || !mayDecide(person.role)) {
    return null;
  }
  // Who is confirmed already, and waits for more owners, is not confirmed twice.
  const mayConfirm = person.status === "accepted" && !pending.has(person.email);
  const asks = person.new_keys !== undefined;
  const items: MenuItem[] = person.status === "member"
    ? [
        ...(asks ? [{ label: "Confirm new keys", icon: "check" as const, act: () => act({ what: "keys", person }) }] : []),
        { label: "Change role", icon: "edit", act: () => act({ what: "role", person }) },
        { label: "Remove", icon: "trash", danger: true, act: () => act({ what: "remove", person }) },
      ]
    : [
        ...(mayConfirm ? [{ label: "Confirm", icon: "check" as const, act: () => act({ what: "confirm", person }) }] : []),
        { label: "Cancel invitation", icon: "close", danger: true, act: () => act({ what: "cancel", person }) },
      ];
  return (
    <span class="row-actions">
      {mayConfirm && <Button small kind="primary" onPress={() => act({ what: "confirm", person })}>Confirm</Button>}
      {asks && <Button small kind="primary" onPress={() => act({ what: "keys", person })}>Confirm keys</Button>}
      <Menu label={`Actions for ${visible(person.email)}`} items={items} />
    </span>
  );
}
