import { useState } from "preact/hooks";
import { EditAgentDialog } from "../agents/edit";
import { Memberships } from "../agents/memberships";
import { AgentReads } from "../agents/reads";
import { RotateDialog } from "../agents/rotate";
import { StatusBadge, statusMeaning } from "../agents/status";
import type { AgentShown } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { EndAccessDialog } from "../components/EndAccess";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Loading } from "../components/Loading";
import { Menu } from "../components/Menu";
import { PageHeader } from "../components/PageHeader";
import { Time } from "../components/Time";
import { useAction, useLoad } from "../hooks";
import { href, navigate } from "../router";
import { me, toast } from "../state";

type Doing = "edit" | "rotate" | "finish" | "delete" | undefined;

/** One agent: whether it may read, what it can read, what it did read, and all that can be done about it. */
export function AgentPage({ id }: { id: string }) {
  const agent = useLoad(() => session.agent(id), [id]);
  const back = { href: href("agents"), label: "Agents" };
  return (
    <>
      {agent.data === undefined && <PageHeader title="Agent" back={back} />}
      <Loading of={agent} lines={8}>{(data) => <Shown agent={data} back={back} />}</Loading>
    </>
  );
}

function Shown({ agent, back }: { agent: AgentShown; back: { href: string; label: string } }) {
  const [doing, setDoing] = useState<Doing>();
  const role = me.value?.role;
  const manages = me.value?.is_manager === true;
  const close = (): void => setDoing(undefined);
  return (
    <>
      <PageHeader
        title={visible(agent.name)}
        heading={<><Name>{agent.name}</Name> <StatusBadge status={agent.status} /></>}
        back={back}
        actions={manages && agent.status !== "deleted" ? <Actions agent={agent} onDo={setDoing} /> : undefined}
      />
      {agent.rotation_pending !== undefined && (
        <Note tone="warn">
          <p>Its token is being rotated: two tokens are good, the older one until <Time at={agent.rotation_pending.until} />.</p>
          {manages && <div class="row"><Button small onPress={() => setDoing("finish")}>End the older token now</Button></div>}
        </Note>
      )}
      <div class="columns">
        <Facts agent={agent} manages={manages} onEdit={() => setDoing("edit")} />
        <Memberships agent={agent} manages={manages} />
      </div>
      {role !== "editor" && <AgentReads id={agent.agent_id} />}
      {doing === "edit" && <EditAgentDialog agent={agent} onClose={close} />}
      {doing === "rotate" && <RotateDialog agent={agent} onClose={close} />}
      {doing === "finish" && (
        <EndAccessDialog title="End the older token?" confirm="End it" who={`the older token of ${agent.name}`} run={() => session.finishRotation(agent.agent_id)} onClose={close}>
          <p>Whatever still uses it is refused at once. The new token goes on.</p>
        </EndAccessDialog>
      )}
      {doing === "delete" && (
        <EndAccessDialog
          title={`Delete ${visible(agent.name)}?`}
          confirm="Delete agent"
          typed={agent.name}
          who={agent.name}
          run={(progress) => session.deleteAgent(agent.agent_id, progress)}
          onClose={(done) => {
            close();
            if (done) {
              navigate("agents");
            }
          }}
        >
          <p>Its token opens nothing any more, for good, and what it could read is encrypted anew. It cannot be brought back. You are told what it had read, for you to rotate.</p>
        </EndAccessDialog>
      )}
    </>
  );
}

function Actions({ agent, onDo }: { agent: AgentShown; onDo(doing: Doing): void }) {
  const change = useAction(async (on: boolean) => {
    await (on ? session.activateAgent(agent.agent_id) : session.deactivateAgent(agent.agent_id));
    toast(on ? "Activated: it may read again" : "Deactivated: its next request is refused");
  });
  const inactive = agent.status === "inactive";
  return (
    <>
      <Button icon="power" busy={change.busy} onPress={() => change.run(inactive)}>{inactive ? "Activate" : "Deactivate"}</Button>
      <Button icon="refresh" onPress={() => onDo("rotate")}>Rotate token</Button>
      <Menu label="More actions" items={[{ label: "Edit name and conditions", icon: "edit", act: () => onDo("edit") }, "line", { label: "Delete agent", icon: "trash", danger: true, act: () => onDo("delete") }]} />
      <ErrorNote error={change.error} />
    </>
  );
}

function Facts({ agent, manages, onEdit }: { agent: AgentShown; manages: boolean; onEdit(): void }) {
  const { not_before: notBefore, source_cidrs: ranges, max_uses: maxUses } = agent.conditions;
  return (
    <section class="card" aria-labelledby="agent-facts">
      <header>
        <h2 id="agent-facts">Status and conditions</h2>
        {manages && agent.status !== "deleted" && <Button small icon="edit" onPress={onEdit}>Edit</Button>}
      </header>
      <p>{statusMeaning(agent.status)}</p>
      <dl class="facts">
        <dt>Last seen</dt>
        <dd><Time at={agent.last_seen_at} /></dd>
        <dt>Uses</dt>
        <dd class="numbers">{agent.uses}{maxUses !== undefined && ` of ${maxUses}`}</dd>
        <dt>Expires</dt>
        <dd><Time at={agent.expires_at} /></dd>
        {notBefore !== undefined && <><dt>Not before</dt><dd><Time at={notBefore} /></dd></>}
        <dt>Source ranges</dt>
        <dd>{ranges.length === 0 ? <span class="quiet">from anywhere</span> : ranges.map((range) => <div key={range}><code>{range}</code></div>)}</dd>
        <dt>Created</dt>
        <dd><Time at={agent.created_at} /></dd>
        <dt>Id</dt>
        <dd><CopyField text={agent.agent_id} what="agent id" /></dd>
      </dl>
    </section>
  );
}
