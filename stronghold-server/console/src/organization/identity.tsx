import { useState } from "preact/hooks";
import type { OrganizationInfo } from "../api";
import { session } from "../client";
import { Name } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { Dialog } from "../components/Dialog";
import { ErrorNote } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { useAction } from "../hooks";
import { me, organizationName, toast } from "../state";

/** What the organization is called, and the fingerprint by which two people tell that they mean the same. */
export function Identity({ organization }: { organization: OrganizationInfo }) {
  const [renaming, setRenaming] = useState(false);
  return (
    <section class="card" aria-labelledby="identity">
      <header>
        <h2 id="identity">Identity</h2>
        {me.value?.is_owner === true && <Button small icon="edit" onPress={() => setRenaming(true)}>Rename</Button>}
      </header>
      <dl class="facts">
        <dt>Name</dt>
        <dd><Name>{organization.name}</Name></dd>
        <dt>Fingerprint</dt>
        <dd>
          <code class="fingerprint" translate={false}>
            {organization.fingerprint.split(" ").map((group, place) => <span key={place}>{group} </span>)}
          </code>
        </dd>
        <dt>Id</dt>
        <dd><CopyField text={organization.org_id} what="id" /></dd>
      </dl>
      <p class="quiet">Compare this with what another person sees, letter by letter. The fingerprint is the id in groups of four, which <code>api-stronghold-cli org show</code> prints too: the hash of the first list of owners. Where it is the same you are in the same organization; a server cannot make up another one with it.</p>
      {renaming && <RenameDialog before={organization.name} onClose={() => setRenaming(false)} />}
    </section>
  );
}

function RenameDialog({ before, onClose }: { before: string; onClose(): void }) {
  const [name, setName] = useState(before);
  const [problem, setProblem] = useState<string>();
  const rename = useAction(async () => {
    await session.renameOrganization(name.trim());
    organizationName.value = name.trim();
    toast("Renamed");
    onClose();
  });
  return (
    <Dialog
      title="Rename the organization"
      onClose={onClose}
      onSubmit={() => {
        setProblem(name.trim() === "" ? "Give it a name." : undefined);
        if (name.trim() !== "") {
          void rename.run();
        }
      }}
      mustStay={rename.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={rename.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={rename.busy}>Rename</Button>
        </>
      }
    >
      <Field label="Name" autoFocus value={name} onValue={setName} error={problem} maxLength={128} hint="Everybody sees it. The fingerprint stays the same." />
      <ErrorNote error={rename.error} />
    </Dialog>
  );
}
