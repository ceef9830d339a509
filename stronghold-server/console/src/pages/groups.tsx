import { useState } from "preact/hooks";
import type { GroupListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { PageHeader } from "../components/PageHeader";
import { Tabs } from "../components/Tabs";
import { CreateGroupDialog } from "../groups/create";
import { AccessMatrix } from "../groups/matrix";
import { useLoad, useShortcut } from "../hooks";
import { href } from "../router";
import { me } from "../state";
import { counted } from "../words";

const COLUMNS: Column<GroupListed>[] = [
  { key: "name", title: "Name", cell: (group) => <><Name>{group.name}</Name>{group.builtin && <> <Badge title="Owners and admins, who reach everything">Built in</Badge></>}</>, sort: (group) => group.name },
  { key: "members", title: "Members", width: "200px", cell: (group) => <Members group={group} />, sort: (group) => group.members.length },
  { key: "grants", title: "Grants", cell: (group) => <GrantNames group={group} />, sort: (group) => group.grants.length, minor: true },
];

/** The groups, as a list or as a matrix of groups and profiles. */
export function GroupsPage() {
  const [view, setView] = useState<"list" | "matrix">("list");
  const [creating, setCreating] = useState(false);
  const groups = useLoad(() => session.groups());
  const manages = me.value?.is_manager === true;
  useShortcut("n", "Create group", () => setCreating(true), manages);
  const create = manages ? <Button kind="primary" icon="plus" onPress={() => setCreating(true)}>Create group</Button> : undefined;
  const none = groups.data?.every((group) => group.builtin) === true;
  return (
    <>
      <PageHeader title="Groups" about="Who shares access to which profiles. Agents and people are members; profiles are granted." actions={none ? undefined : create} />
      <Loading of={groups}>
        {(all) => (
          <>
            {none && (
              <EmptyState icon="group" title="No group of yours yet" action={create}>
                <p>A group ties programs and people to profiles: put the agent of a pipeline into it, grant it the profile that the pipeline needs, and nothing else is within its reach.</p>
              </EmptyState>
            )}
            <Tabs label="How groups are shown" value={view} onValue={setView} tabs={[{ value: "list", label: "List" }, { value: "matrix", label: "Matrix" }]}>
              {view === "list" ? (
                <DataTable label="Groups" rows={all} columns={COLUMNS} rowKey={(group) => group.group_id} href={(group) => href("groups", group.group_id)} search={(group) => `${group.name} ${group.grants.map((grant) => grant.profile).join(" ")}`} searchLabel="Search groups and profiles" />
              ) : (
                <Matrix groups={all.filter((group) => !group.builtin)} manages={manages} />
              )}
            </Tabs>
          </>
        )}
      </Loading>
      {creating && <CreateGroupDialog onClose={() => setCreating(false)} />}
    </>
  );
}

function Matrix({ groups, manages }: { groups: GroupListed[]; manages: boolean }) {
  const profiles = useLoad(() => session.profiles());
  return (
    <Loading of={profiles}>
      {(all) =>
        groups.length === 0 || all.length === 0 ? (
          <p class="no-match">{groups.length === 0 ? "The matrix needs a group." : <>The matrix needs a profile. Create one under <a href={href("profiles")}>Profiles</a>.</>}</p>
        ) : (
          <AccessMatrix groups={groups} profiles={all} manages={manages} />
        )
      }
    </Loading>
  );
}

function Members({ group }: { group: GroupListed }) {
  const agents = group.members.filter((member) => member.kind === "agent").length;
  const people = group.members.length - agents;
  const parts = [agents > 0 && counted(agents, "agent"), people > 0 && counted(people, "person", "people")].filter(Boolean);
  return parts.length === 0 ? <span class="quiet">none</span> : <>{parts.join(", ")}</>;
}

function GrantNames({ group }: { group: GroupListed }) {
  if (group.builtin) {
    return <>every profile</>;
  }
  const names = group.grants.map((grant) => visible(grant.profile)).join(", ");
  return names === "" ? <span class="quiet">none</span> : <span title={names}>{names}</span>;
}
