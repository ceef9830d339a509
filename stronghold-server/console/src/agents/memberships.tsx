import { useState } from "preact/hooks";
import type { AgentShown } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button, IconButton } from "../components/Button";
import { EndAccessDialog } from "../components/EndAccess";
import { ErrorNote } from "../components/ErrorNote";
import { Select } from "../components/Field";
import { useAction, useLoad } from "../hooks";
import { href } from "../router";
import { toast } from "../state";

/** The groups of an agent, and what it can read by them. Managers add and take away. */
export function Memberships({ agent, manages }: { agent: AgentShown; manages: boolean }) {
  const [leaving, setLeaving] = useState<AgentShown["groups"][number]>();
  const alive = agent.status !== "deleted";
  return (
    <section class="card" aria-labelledby="agent-groups">
      <header><h2 id="agent-groups">Groups <span class="count">{agent.groups.length}</span></h2></header>
      {agent.groups.length === 0 ? <p class="quiet">{alive ? "In no group, so it can read nothing." : "It left every group."}</p> : (
        <ul class="plain-list">
          {agent.groups.map((group) => (
            <li key={group.group_id}>
              <a href={href("groups", group.group_id)}><Name>{group.name}</Name></a>
              {manages && alive && <IconButton icon="close" label={`Remove from ${visible(group.name)}`} onPress={() => setLeaving(group)} />}
            </li>
          ))}
        </ul>
      )}
      {manages && alive && <AddToGroup agent={agent} />}
      <h3>Profiles it can read <span class="count">{agent.profiles.length}</span></h3>
      {agent.profiles.length === 0 ? <p class="quiet">{alive && agent.groups.length > 0 ? "Its groups are granted no profile yet. Grant one on the group's page." : "None."}</p> : (
        <ul class="chips">
          {agent.profiles.map((profile) => <li key={profile.profile_id}><a href={href("profiles", profile.profile_id)}><Name>{profile.name}</Name></a></li>)}
        </ul>
      )}
      {leaving !== undefined && (
        <EndAccessDialog
          title={`Remove ${visible(agent.name)} from ${visible(leaving.name)}?`}
          confirm="Remove"
          who={agent.name}
          run={(progress) => session.removeMember(leaving.group_id, { kind: "agent", id: agent.agent_id }, progress)}
          onClose={() => setLeaving(undefined)}
        >
          <p>What it reads by this group alone is encrypted anew, so that it cannot read what is written from then on. You are told what it had read.</p>
        </EndAccessDialog>
      )}
    </section>
  );
}

function AddToGroup({ agent }: { agent: AgentShown }) {
  const groups = useLoad(() => session.groups());
  const [chosen, setChosen] = useState("");
  const others = (groups.data ?? []).filter((group) => !group.builtin && !agent.groups.some((mine) => mine.group_id === group.group_id));
  const add = useAction(async () => {
    await session.addMember(chosen, { kind: "agent", id: agent.agent_id });
    toast("Added to the group");
    setChosen("");
  });
  if (others.length === 0) {
    return groups.data === undefined ? null : <p class="quiet">It is in every group there is. <a href={href("groups")}>Groups</a></p>;
  }
  return (
    <>
      <div class="inline-add">
        <Select label="Add to a group" value={chosen} onValue={setChosen} options={[{ value: "", label: "Choose a group" }, ...others.map((group) => ({ value: group.group_id, label: visible(group.name) }))]} />
        <Button busy={add.busy} disabled={chosen === ""} onPress={add.run}>Add</Button>
      </div>
      <ErrorNote error={add.error} />
    </>
  );
}
