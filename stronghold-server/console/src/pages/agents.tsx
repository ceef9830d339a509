import { useMemo, useState } from "preact/hooks";
import { CreateAgentDialog } from "../agents/create";
import { StatusBadge } from "../agents/status";
import { TokenDialog } from "../agents/token";
import type { AgentListed, Minted } from "../api";
import { session } from "../client";
import { Badge, Name } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Select } from "../components/Field";
import { Loading } from "../components/Loading";
import { PageHeader } from "../components/PageHeader";
import { Time } from "../components/Time";
import { useLoad, useShortcut } from "../hooks";
import { href } from "../router";
import { me } from "../state";

type Filter = "current" | AgentListed["status"];

const FILTERS: { value: Filter; label: string }[] = [
  { value: "current", label: "All but deleted" },
  { value: "active", label: "Active" },
  { value: "inactive", label: "Inactive" },
  { value: "expired", label: "Expired" },
  { value: "deleted", label: "Deleted" },
];

const COLUMNS: Column<AgentListed>[] = [
  { key: "name", title: "Name", cell: (agent) => <Name>{agent.name}</Name>, sort: (agent) => agent.name },
  {
    key: "status",
    title: "Status",
    width: "190px",
    cell: (agent) => <><StatusBadge status={agent.status} />{agent.rotation_pending !== undefined && <> <Badge tone="warn" title="Two tokens are good until the rotation is finished">Rotating</Badge></>}</>,
    sort: (agent) => agent.status,
  },
  { key: "groups", title: "Groups", minor: true, cell: (agent) => <GroupNames agent={agent} />, sort: (agent) => agent.groups.map((group) => group.name).join(" ") || undefined },
  { key: "expires", title: "Expires", width: "150px", minor: true, cell: (agent) => <Time at={agent.expires_at} />, sort: (agent) => agent.expires_at },
  { key: "seen", title: "Last seen", width: "150px", cell: (agent) => <Time at={agent.last_seen_at} />, sort: (agent) => agent.last_seen_at },
];

/** The agents: who they are, whether they may read, when they were last seen; and the way to a new one. */
export function AgentsPage() {
  const [filter, setFilter] = useState<Filter>("current");
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<{ minted: Minted; profiles: string[] }>();
  const withDeleted = filter === "deleted";
  const agents = useLoad(() => session.agents(withDeleted), [withDeleted]);
  const manages = me.value?.is_manager === true;
  useShortcut("n", "Create agent", () => setCreating(true), manages);
  const shown = useMemo(() => agents.data?.filter((agent) => (filter === "current" ? agent.status !== "deleted" : agent.status === filter)), [agents.data, filter]);
  const create = manages ? <Button kind="primary" icon="plus" onPress={() => setCreating(true)}>Create agent</Button> : undefined;
  const nothingYet = agents.data?.length === 0 && filter === "current";
  return (
    <>
      <PageHeader title="Agents" about="Programs with an identity of their own: pipelines, services, bots. Each reads exactly what its groups are granted." actions={nothingYet ? undefined : create} />
      <Loading of={agents} lines={6}>
        {() => (
          <DataTable
            label="Agents"
            rows={shown ?? []}
            columns={COLUMNS}
            rowKey={(agent) => agent.agent_id}
            href={(agent) => href("agents", agent.agent_id)}
            search={(agent) => `${agent.name} ${agent.groups.map((group) => group.name).join(" ")}`}
            searchLabel="Search agents and groups"
            filters={nothingYet ? undefined : <Select label="Status" hideLabel value={filter} onValue={setFilter} options={FILTERS} />}
            empty={
              nothingYet ? (
                <EmptyState icon="agent" title="No agent yet" action={create}>
                  <p>An agent is an identity for one program. It gets one token, shown once; with it the program reads its secrets, and every read is in the audit log under its name.</p>
                </EmptyState>
              ) : (
                <p class="no-match">No agent has this status.</p>
              )
            }
          />
        )}
      </Loading>
      {creating && (
        <CreateAgentDialog
          onClose={() => setCreating(false)}
          onCreated={(minted, profiles) => {
            setCreating(false);
            setMade({ minted, profiles });
          }}
        />
      )}
      {made !== undefined && <TokenDialog minted={made.minted} profiles={made.profiles} onKept={() => setMade(undefined)} />}
    </>
  );
}

function GroupNames({ agent }: { agent: AgentListed }) {
  if (agent.groups.length === 0) {
    return <span class="quiet">none</span>;
  }
  return <>{agent.groups.map((group, index) => <span key={group.group_id}>{index > 0 && ", "}<Name>{group.name}</Name></span>)}</>;
}
