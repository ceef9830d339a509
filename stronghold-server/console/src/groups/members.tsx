import { useState } from "preact/hooks";
import type { GroupListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button, IconButton } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { Dialog } from "../components/Dialog";
import { EndAccessDialog } from "../components/EndAccess";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox } from "../components/Field";
import { Skeleton } from "../components/Spinner";
import { useAction, useLoad } from "../hooks";
import { href } from "../router";
import { toast } from "../state";
import { counted } from "../words";

type Member = GroupListed["members"][number];

/** The members of a group: agents and people. Managers add and remove. */
export function Members({ group, manages }: { group: GroupListed; manages: boolean }) {
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member>();
  const changes = manages && !group.builtin;
  const columns: Column<Member>[] = [
    { key: "name", title: "Name", cell: (member) => (member.kind === "agent" ? <a href={href("agents", member.id)}><Name>{member.name}</Name></a> : <Name>{member.name}</Name>), sort: (member) => member.name },
    { key: "kind", title: "Kind", width: "110px", cell: (member) => <Kind kind={member.kind} />, sort: (member) => member.kind },
    ...(changes ? [{ key: "remove", title: "Remove", hideTitle: true, width: "52px", align: "end" as const, cell: (member: Member) => <IconButton icon="close" label={`Remove ${visible(member.name)}`} onPress={() => setLeaving(member)} /> }] : []),
  ];
  return (
    <section class="card" aria-labelledby="group-members">
      <header>
        <h2 id="group-members">Members <span class="count">{group.members.length}</span></h2>
        {changes && <Button small icon="plus" onPress={() => setAdding(true)}>Add members</Button>}
      </header>
      {group.builtin && <Note>Owners and admins are its members by their role, which is changed under <a href={href("people")}>People</a>.</Note>}
      <DataTable
        label="Members"
        rows={group.members}
        columns={columns}
        rowKey={(member) => member.id}
        {...(group.members.length > 8 ? { search: (member: Member) => member.name, searchLabel: "Search members" } : {})}
        empty={<p class="quiet">Nobody yet. Add the agents and people who shall read what this group is granted.</p>}
      />
      {adding && <AddMembersDialog group={group} onClose={() => setAdding(false)} />}
      {leaving !== undefined && (
        <EndAccessDialog
          title={`Remove ${visible(leaving.name)} from ${visible(group.name)}?`}
          confirm="Remove"
          who={leaving.name}
          run={(progress) => session.removeMember(group.group_id, { kind: leaving.kind, id: leaving.id }, progress)}
          onClose={() => setLeaving(undefined)}
        >
          <p>What they read by this group alone is encrypted anew, so that they cannot read what is written from then on. You are told what they had read.</p>
        </EndAccessDialog>
      )}
    </section>
  );
}

function Kind({ kind }: { kind: Member["kind"] }) {
  return <Badge tone={kind === "agent" ? "accent" : "plain"}>{kind === "agent" ? "Agent" : "Person"}</Badge>;
}

/** Everybody who is not a member yet, to tick. */
function AddMembersDialog({ group, onClose }: { group: GroupListed; onClose(): void }) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, Member>>(new Map());
  const candidates = useLoad(async (): Promise<Member[]> => {
    const [agents, people] = await Promise.all([session.agents(), session.people()]);
    const all: Member[] = [
      ...agents.map((agent) => ({ kind: "agent" as const, id: agent.agent_id, name: agent.name })),
      // Owners and admins reach everything already, auditors nothing by their role: only editors gain by a group.
      ...people.flatMap((person) => (person.user_id !== undefined && person.status === "member" && person.role === "editor" ? [{ kind: "user" as const, id: person.user_id, name: person.email }] : [])),
    ];
    return all.filter((candidate) => !group.members.some((member) => member.id === candidate.id));
  }, [group.group_id]);
  const add = useAction(async () => {
    for (const member of chosen.values()) {
      await session.addMember(group.group_id, { kind: member.kind, id: member.id });
    }
    toast(`Added ${counted(chosen.size, "member")}`);
    onClose();
  });
  const tick = (member: Member, on: boolean): void => {
    const next = new Map(chosen);
    if (on) {
      next.set(member.id, member);
    } else {
      next.delete(member.id);
    }
    setChosen(next);
  };
  const columns: Column<Member>[] = [
    { key: "name", title: "Name", cell: (member) => <Checkbox label={<Name>{member.name}</Name>} checked={chosen.has(member.id)} onChecked={(on) => tick(member, on)} />, sort: (member) => member.name },
    { key: "kind", title: "Kind", width: "110px", cell: (member) => <Kind kind={member.kind} />, sort: (member) => member.kind },
  ];
  return (
    <Dialog
      title={`Add to ${visible(group.name)}`}
      onClose={onClose}
      mustStay={add.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={add.busy}>Cancel</Button>
          <Button kind="primary" busy={add.busy} disabled={chosen.size === 0} onPress={add.run}>{chosen.size === 0 ? "Add" : `Add ${counted(chosen.size, "member")}`}</Button>
        </>
      }
    >
      {candidates.data === undefined ? (candidates.error === undefined ? <Skeleton /> : <ErrorNote error={candidates.error} />) : (
        <DataTable label="Who may be added" rows={candidates.data} columns={columns} rowKey={(member) => member.id} search={(member) => member.name} searchLabel="Search agents and editors" empty={<p class="quiet">There is nobody who could be added. Create an agent, or invite an editor, first.</p>} />
      )}
      <ErrorNote error={add.error} />
    </Dialog>
  );
}
