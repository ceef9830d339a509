import { useState } from "preact/hooks";
import type { ProfileListed, RekeyProgress } from "../api";
import { Badge } from "../components/Badge";
import { Button } from "../components/Button";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Progress } from "../components/Progress";
import { useAction } from "../hooks";
import { toast } from "../state";
import { finishRekey } from "./calls";

/** What the state of a profile is for whoever is signed in. */
export function ProfileState({ profile }: { profile: ProfileListed }) {
  if (profile.replaced) {
    return <Badge tone="warn" title="On this device the name was another profile's">Replaced</Badge>;
  }
  if (!profile.readable) {
    return <Badge title="None of your groups is granted this profile">No access</Badge>;
  }
  return (
    <>
      {profile.rekeying && <><Badge tone="warn" title="Being encrypted anew: it can be read, not written, until that is finished">Rekeying</Badge>{" "}</>}
      {!profile.rekeying && (profile.writable ? <Badge tone="good">Read and write</Badge> : <Badge>Read only</Badge>)}
    </>
  );
}

/** Says that a profile has a new key under which it is not yet encrypted, and finishes that. */
export function RekeyNote({ profile, onFinished }: { profile: ProfileListed; onFinished?: () => void }) {
  const [progress, setProgress] = useState<RekeyProgress>();
  const finish = useAction(async () => {
    const finished = await finishRekey(profile.profile_id, setProgress);
    toast(finished ? "All is encrypted anew." : "Somebody else had finished it already.");
    onFinished?.();
  });
  return (
    <Note tone="warn">
      <div class="stack">
        <p><strong>It is being encrypted anew.</strong> It has a new key, and whoever gave it was interrupted. Until that is finished it can be read, not written.</p>
        {profile.writable && <div><Button small busy={finish.busy} onPress={finish.run}>Finish</Button></div>}
        {finish.busy && <Progress progress={progress} label="Encrypting anew" />}
        <ErrorNote error={finish.error} />
      </div>
    </Note>
  );
}
