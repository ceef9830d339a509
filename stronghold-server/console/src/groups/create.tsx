import { useState } from "preact/hooks";
import { session } from "../client";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { useAction } from "../hooks";
import { navigate } from "../router";

/** Creates a group and goes to it, where members and grants are added. */
export function CreateGroupDialog({ onClose }: { onClose(): void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();
  const create = useAction(async () => {
    const { group_id } = await session.createGroup(name.trim());
    onClose();
    navigate("groups", group_id);
  });
  const submit = (): void => {
    setProblem(name.trim() === "" ? "Give it a name: what do its members share?" : undefined);
    if (name.trim() !== "") {
      void create.run();
    }
  };
  return (
    <Dialog
      title="Create group"
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
      <Field label="Name" autoFocus value={name} onValue={setName} error={problem} maxLength={128} placeholder="deploy" hint="Its members share the profiles that it is granted." />
      <ErrorNote error={create.error} />
    </Dialog>
  );
}
