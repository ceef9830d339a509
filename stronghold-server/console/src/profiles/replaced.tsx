import type { ProfileListed } from "../api";
import { session } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ErrorNote, Note } from "../components/ErrorNote";
import { useAction } from "../hooks";

/** Stands in the place of a profile whose name was another profile's on this device: nothing is shown of it before that is accepted. */
export function Replaced({ profile }: { profile: ProfileListed }) {
  const accept = useAction(() => session.acceptReplaced(profile.profile_id));
  return (
    <Note tone="warn">
      <div class="stack">
        <p><strong>This is another profile than before.</strong> On this device the name {visible(profile.name)} was another profile's, which was deleted or renamed since. Secrets that you put here reach those who have access to this one.</p>
        <p>Ask the owner or admin who replaced it. The audit log says who that was.</p>
        <div><Button busy={accept.busy} onPress={accept.run}>Accept the new profile</Button></div>
        <ErrorNote error={accept.error} />
      </div>
    </Note>
  );
}
