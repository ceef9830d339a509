import { useState } from "preact/hooks";
import type { Minted } from "../api";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { Dialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { Checkbox } from "../components/Field";
import { SecretOnce } from "../components/SecretOnce";
import { Tabs } from "../components/Tabs";
import { Time } from "../components/Time";
import { snippet, type SnippetKind } from "./snippets";

const TABS: { value: SnippetKind; label: string }[] = [
  { value: "cli", label: "Command line" },
  { value: "docker", label: "Docker" },
  { value: "github", label: "GitHub Actions" },
];

/** Shows a new token this once, with commands that use it. Stays until the person says it was kept; then the token is nowhere any more. */
export function TokenDialog({ minted, profiles, onKept }: { minted: Minted; profiles: string[]; onKept(): void }) {
  const [kind, setKind] = useState<SnippetKind>("cli");
  const [kept, setKept] = useState(false);
  return (
    <Dialog
      title={`Token of ${visible(minted.name)}`}
      wide
      mustStay
      onClose={onKept}
      footer={
        <div class="token-footer">
          <Checkbox label="I have kept the token" checked={kept} onChecked={setKept} />
          <Button kind="primary" disabled={!kept} onPress={onKept}>Done</Button>
        </div>
      }
    >
      <SecretOnce text={minted.token} what="Token" advice="It is shown this once, and nobody can show it again: not even the server has it. It carries the server's address." />
      {minted.expires_at !== undefined && <p>It expires <Time at={minted.expires_at} />.</p>}
      <Tabs label="Use it with" value={kind} onValue={setKind} tabs={TABS}>
        <CopyField multiline text={snippet(kind, minted.token, profiles[0] ?? "production")} what={`${TABS.find((tab) => tab.value === kind)?.label ?? ""} snippet`} />
      </Tabs>
      {profiles.length === 0 && (
        <Note tone="warn">It can read no profile yet: its groups are granted none. Grant one under Groups; the token stays the same.</Note>
      )}
      {profiles.length > 1 && <p class="quiet">It can read {profiles.map((profile, index) => <>{index > 0 && ", "}<Name>{profile}</Name></>)}.</p>}
    </Dialog>
  );
}
