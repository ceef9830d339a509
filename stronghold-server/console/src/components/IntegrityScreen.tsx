import { useEffect, useRef } from "preact/hooks";
import type { StrongholdError } from "../api";
import { lock } from "../lock";
import { Button } from "./Button";
import { Icon } from "./Icons";
import { Prose } from "./Prose";

/** The one screen that is left when something from the server did not verify. Nothing leads on from it but locking. */
export function IntegrityScreen({ error }: { error: StrongholdError }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "Stopped: integrity - Stronghold";
    heading.current?.focus();
  }, []);
  return (
    <main class="integrity">
      <div class="integrity-box" role="alert">
        <Icon name="shield" />
        <h1 tabIndex={-1} ref={heading}>The server's answer did not verify</h1>
        <p class="integrity-what"><Prose text={error.message} /></p>
        <p>Nothing of that answer was used, nothing was shown from it, and nothing was sent since.</p>
        <h2>What to do</h2>
        <ul>
          {error.advice !== undefined && <li><Prose text={error.advice} /></li>}
          <li>Do not type passwords, keys or secrets into this page until it is clear what happened: a server that alters its answers may alter its pages as well.</li>
          <li>Ask the people who run the server whether it was restored from a backup, moved, or changed.</li>
          <li>Compare from another machine: <code>api-stronghold-cli org verify</code> checks everything anew, without this page.</li>
        </ul>
        <Button kind="danger" icon="lock" onPress={() => lock("Locked because the server's answer did not verify.")}>Lock</Button>
      </div>
    </main>
  );
}
