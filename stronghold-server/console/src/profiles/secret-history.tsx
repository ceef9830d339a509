/** The versions of one secret. */
import { useState } from "preact/hooks";
import type { ProfileListed, SecretVersionListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { Loading } from "../components/Loading";
import { Time } from "../components/Time";
import { useLoad } from "../hooks";
import { toast } from "../state";
import { ValueBox } from "./value";

const STATES = { current: { tone: "good", word: "Now" }, kept: { tone: "plain", word: "Kept" }, purged: { tone: "bad", word: "Purged" } } as const;

/** The versions of a secret, newest first: revealing one, and going back to one. */
export function SecretHistoryDialog({ profile, secret, onWritten, onClose }: { profile: ProfileListed; secret: string; onWritten(): Promise<unknown>; onClose(): void }) {
  const [back, setBack] = useState<SecretVersionListed>();
  const versions = useLoad(() => session.secretHistory(profile.profile_id, secret), [profile.profile_id, secret]);
  if (back !== undefined) {
    return (
      <ConfirmDialog
        key="back"
        title={`Roll ${visible(secret)} back to version ${back.version}?`}
        confirm="Roll back"
        danger={false}
        onClose={() => setBack(undefined)}
        onConfirm={async () => {
          const done = await session.rollbackSecret(profile.profile_id, secret, back.version);
          toast(done.updated > 0 ? `${visible(secret)} is what it was at version ${back.version}, as revision ${done.revision}.` : "It is that already.");
          onClose();
          await onWritten();
        }}
      >
        <p>It gets the value, note and kind that it had at version {back.version}, as a new version in a new revision. What is there now stays in the history.</p>
        <p class="quiet">If version {back.version} was replaced because somebody knew it, they know it still.</p>
      </ConfirmDialog>
    );
  }
  return (
    <Dialog key="versions" title={`History of ${visible(secret)}`} wide onClose={onClose} footer={<Button kind="primary" onPress={onClose}>Close</Button>}>
      <p class="quiet">Showing an earlier version reads it, which the audit log records.</p>
      <Loading of={versions}>
        {(listed) => (
          <ol class="versions">
            {listed.map((version) => (
              <li key={version.version}>
                <div class="version-head">
                  <strong class="numbers">Version {version.version}</strong>
                  <Badge tone={STATES[version.state].tone} title={version.state === "purged" ? "Its value can no longer be opened" : undefined}>{STATES[version.state].word}</Badge>
                  <span class="quiet">revision {version.revision}, by <Name>{version.author}</Name>, <Time at={version.time} /></span>
                  {version.state === "kept" && profile.writable && <Button small icon="history" onPress={() => setBack(version)}>Roll back<span class="visually-hidden"> to version {version.version}</span></Button>}
                </div>
                {version.state !== "purged" && <ValueBox name={secret} label={`version ${version.version}`} fetch={() => session.secretVersion(profile.profile_id, secret, version.version)} of={version.version} />}
              </li>
            ))}
          </ol>
        )}
      </Loading>
    </Dialog>
  );
}
