import { useState } from "preact/hooks";
import type { AgentShown, Exposed, Minted } from "../api";
import { session } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { ExposedList } from "../components/ExposedList";
import { useAction } from "../hooks";
import { TokenDialog } from "./token";

const GRACES = [
  { seconds: 0, label: "Ends now" },
  { seconds: 3600, label: "1 hour" },
  { seconds: 86_400, label: "1 day" },
  { seconds: 604_800, label: "7 days" },
];

/** Gives an agent a new token: asks what becomes of the old one, shows the new one once, and then what the old one exposes if it ended. */
export function RotateDialog({ agent, onClose }: { agent: AgentShown; onClose(): void }) {
  const [grace, setGrace] = useState(0);
  const [minted, setMinted] = useState<Minted>();
  const [exposed, setExposed] = useState<Exposed>();
  const rotate = useAction(async () => {
    const { exposed: told, ...token } = await session.rotateToken(agent.agent_id, grace === 0 ? undefined : grace);
    setExposed(told);
    setMinted(token);
  });
  if (minted !== undefined) {
    const after = (): void => (exposed === undefined ? onClose() : setMinted(undefined));
    return <TokenDialog key="token" minted={minted} profiles={agent.profiles.map((profile) => profile.name)} onKept={after} />;
  }
  if (exposed !== undefined) {
    return (
      <Dialog key="exposed" title="The old token has ended" onClose={onClose} footer={<Button kind="primary" autoFocus onPress={onClose}>Close</Button>}>
        <ExposedList exposed={exposed} who={`the old token of ${agent.name}`} />
      </Dialog>
    );
  }
  return (
    <Dialog
      key="ask"
      title={`Rotate the token of ${visible(agent.name)}`}
      onClose={onClose}
      onSubmit={() => void rotate.run()}
      mustStay={rotate.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={rotate.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={rotate.busy}>Make a new token</Button>
        </>
      }
    >
      <fieldset>
        <legend>The old token</legend>
        <div class="choices">
          {GRACES.map(({ seconds, label }, index) => (
            <label key={seconds}>
              <input type="radio" name="grace" checked={grace === seconds} data-autofocus={index === 0 ? "" : undefined} onChange={() => setGrace(seconds)} />
              {seconds === 0 ? label : `Good for ${label}`}
            </label>
          ))}
        </div>
      </fieldset>
      {grace === 0 ? (
        <Note tone="warn">Whatever uses the old token is refused at once, and what it could read is encrypted anew. Choose this if somebody else may have the token.</Note>
      ) : (
        <Note>Both tokens work until then, or until you finish the rotation. Put the new one where the old one is in the meantime. Not for a token that somebody else may have.</Note>
      )}
      <ErrorNote error={rotate.error} />
    </Dialog>
  );
}
