import { useState } from "preact/hooks";
import type { AgentShown, Conditions } from "../api";
import { session } from "../client";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { useAction } from "../hooks";
import { toast } from "../state";
import { ExpiryFields, fromForm, FurtherConditions, toForm, type ConditionProblems } from "./conditions";

/** Changes an agent's name and conditions. Only what changed is sent. */
export function EditAgentDialog({ agent, onClose }: { agent: AgentShown; onClose(): void }) {
  const [name, setName] = useState(agent.name);
  const [form, setForm] = useState(() => toForm(agent.conditions));
  const [problems, setProblems] = useState<ConditionProblems>({});
  const [nameProblem, setNameProblem] = useState<string>();
  const save = useAction(async (conditions: Conditions) => {
    const renamed = name.trim() !== agent.name;
    const changed = JSON.stringify(toForm(conditions)) !== JSON.stringify(toForm(agent.conditions));
    if (renamed || changed) {
      await session.updateAgent(agent.agent_id, { ...(renamed ? { name: name.trim() } : {}), ...(changed ? { conditions } : {}) });
      toast("Saved");
    }
    onClose();
  });
  const submit = (): void => {
    const made = fromForm(form, agent.conditions);
    setProblems("problems" in made ? made.problems : {});
    setNameProblem(name.trim() === "" ? "It needs a name." : undefined);
    if (name.trim() !== "" && "conditions" in made) {
      void save.run(made.conditions);
    }
  };
  return (
    <Dialog
      title="Edit agent"
      onClose={onClose}
      onSubmit={submit}
      mustStay={save.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={save.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={save.busy}>Save</Button>
        </>
      }
    >
      <Field label="Name" value={name} onValue={setName} error={nameProblem} maxLength={128} />
      <ExpiryFields form={form} onForm={setForm} problems={problems} />
      <FurtherConditions form={form} onForm={setForm} problems={problems} />
      <ErrorNote error={save.error} />
    </Dialog>
  );
}
