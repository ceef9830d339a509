import { useEffect, useState } from "preact/hooks";
import type { Conditions, GroupListed, Minted } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { Skeleton } from "../components/Spinner";
import { useAction, useLoad } from "../hooks";
import { keepUp } from "../lock";
import { counted } from "../words";
import { ExpiryFields, fromForm, FurtherConditions, NO_CONDITIONS, type ConditionProblems } from "./conditions";

/** Creates an agent: its name, its groups, when it expires. Gives the token and the profiles that it can read. */
export function CreateAgentDialog({ onCreated, onClose }: { onCreated(minted: Minted, profiles: string[]): void; onClose(): void }) {
  const groups = useLoad(() => session.groups());
  // A group that somebody made a moment ago is there to choose.
  useEffect(() => void keepUp(), []);
  const [name, setName] = useState("");
  const [nameProblem, setNameProblem] = useState<string>();
  const [chosen, setChosen] = useState<string[]>([]);
  const [conditions, setConditions] = useState(NO_CONDITIONS);
  const [problems, setProblems] = useState<ConditionProblems>({});
  const create = useAction(async (wanted: Conditions) => {
    const minted = await session.createAgent({ name: name.trim(), group_ids: chosen, conditions: wanted });
    const mine = groups.data?.filter((group) => chosen.includes(group.group_id)) ?? [];
    onCreated(minted, [...new Set(mine.flatMap((group) => group.grants.map((grant) => grant.profile)))]);
  });
  const submit = (): void => {
    const made = fromForm(conditions);
    setProblems("problems" in made ? made.problems : {});
    setNameProblem(name.trim() === "" ? "Give it a name: what program is it?" : undefined);
    if (name.trim() !== "" && "conditions" in made) {
      void create.run(made.conditions);
    }
  };
  return (
    <Dialog
      title="Create agent"
      onClose={onClose}
      onSubmit={submit}
      mustStay={create.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={create.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={create.busy}>Create</Button>
        </>
      }
    >
      <Field label="Name" autoFocus value={name} onValue={setName} error={nameProblem} maxLength={128} placeholder="CI pipeline" hint="The program that uses it, as it shall stand in the audit log." />
      {groups.data === undefined ? (groups.error === undefined ? <Skeleton /> : <ErrorNote error={groups.error} />) : <GroupChoice groups={groups.data.filter((group) => !group.builtin)} chosen={chosen} onChosen={setChosen} />}
      <ExpiryFields form={conditions} onForm={setConditions} problems={problems} />
      <details open={Object.keys(problems).some((problem) => problem !== "expiresAt") || undefined}>
        <summary>More conditions</summary>
        <div class="stack"><FurtherConditions form={conditions} onForm={setConditions} problems={problems} /></div>
      </details>
      <ErrorNote error={create.error} />
    </Dialog>
  );
}

/** Groups to tick; a new one can be made in place. */
function GroupChoice({ groups, chosen, onChosen }: { groups: GroupListed[]; chosen: string[]; onChosen(chosen: string[]): void }) {
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState("");
  const add = useAction(async () => {
    const { group_id } = await session.createGroup(name.trim());
    onChosen([...chosen, group_id]);
    setName("");
    setAdding(false);
  });
  const grants = (group: GroupListed) => group.grants.length === 0 ? "grants no profile yet" : `reads ${group.grants.slice(0, 3).map((grant) => visible(grant.profile)).join(", ")}${group.grants.length > 3 ? ` and ${counted(group.grants.length - 3, "other")}` : ""}`;
  return (
    <fieldset>
      <legend>Groups</legend>
      {groups.length === 0 && !adding && <Note>An agent reads what its groups are granted. There is no group yet: create one here, and grant it a profile afterwards.</Note>}
      <div class="group-choice">
        {groups.map((group) => (
          <Checkbox key={group.group_id} label={<Name>{group.name}</Name>} hint={grants(group)} checked={chosen.includes(group.group_id)} onChecked={(on) => onChosen(on ? [...chosen, group.group_id] : chosen.filter((id) => id !== group.group_id))} />
        ))}
      </div>
      {adding ? (
        <div
          class="inline-add"
          onKeyDown={(event) => {
            // Enter here makes the group; it must not send the form around it.
            if (event.key === "Enter" && event.target instanceof HTMLInputElement) {
              event.preventDefault();
              void (name.trim() !== "" && add.run());
            }
          }}
        >
          <Field label="New group" value={name} onValue={setName} maxLength={128} placeholder="deploy" />
          <Button busy={add.busy} disabled={name.trim() === ""} onPress={add.run}>Add group</Button>
        </div>
      ) : (
        <div><Button small icon="plus" onPress={() => setAdding(true)}>New group</Button></div>
      )}
      <ErrorNote error={add.error} />
    </fieldset>
  );
}
