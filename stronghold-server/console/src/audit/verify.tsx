import { useState } from "preact/hooks";
import type { AuditVerified } from "../api";
import { session } from "../client";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Spinner } from "../components/Spinner";
import { Time } from "../components/Time";
import { useAction } from "../hooks";
import { announce } from "../state";
import { counted } from "../words";

/** Verifies every record, and says in words what that shows and what it does not. */
export function VerifyLog() {
  const [count, setCount] = useState(0);
  const [verified, setVerified] = useState<AuditVerified>();
  const verify = useAction(async () => {
    setVerified(undefined);
    setCount(0);
    const result = await session.auditVerify(setCount);
    setVerified(result);
    announce(`Verified: ${counted(result.records, "record")}`);
  });
  return (
    <section class="card" aria-labelledby="verify-log">
      <header>
        <div class="verify-about">
          <h2 id="verify-log">Is the log whole?</h2>
          {!verify.busy && verified === undefined && <p class="quiet">Takes every record from the beginning and checks it: that who it names signed it, that none was changed, removed or moved, and that it continues what this browser has seen before.</p>}
        </div>
        <Button icon="shield" busy={verify.busy} onPress={verify.run}>Verify the log</Button>
      </header>
      {verify.busy ? (
        <p class="row"><Spinner label="Verifying" /><span class="numbers">{count === 0 ? "Reading the first records" : `${counted(count, "record")} verified`}</span></p>
      ) : (
        verified !== undefined && <Verified verified={verified} />
      )}
      <ErrorNote error={verify.error} />
    </section>
  );
}

function Verified({ verified: { records, allowed, denied, unsigned, root, continues, newest } }: { verified: AuditVerified }) {
  return (
    <>
      <Note tone="good">
        <p><strong>Verified: {counted(records, "record")}</strong>, {allowed.toLocaleString("en")} allowed and {denied.toLocaleString("en")} denied. Each is signed by whom it names, but for the {unsigned.toLocaleString("en")} of signing in and of the organization's creation, which nobody can sign.{newest !== undefined && <> The newest is of <Time at={newest} />.</>}</p>
        <p>{continues === undefined ? "This browser remembered nothing of the log before. What was changed before now cannot be told; from now on it can." : `It continues the ${counted(continues, "record")} that this browser remembers: none of them was changed or removed.`}</p>
      </Note>
      <div class="root-shown">
        <h3>Root</h3>
        <CopyField text={root} what="root" />
        <p class="hint">The fingerprint of these {counted(records, "record")}. Somebody else who verifies as many sees the same root, or one of you is shown another log.</p>
      </div>
      <details>
        <summary>What this does not tell</summary>
        <ul class="limits">
          <li>Whether every read was recorded. The server writes the log, and could leave one out; a receipt that the agent keeps shows it: <code>api-stronghold-cli audit verify --receipts FILE</code>.</li>
          <li>Whether outcome, time and address are true, and whether somebody signed in. They are the server's word. Who asked for anything else, and for what, is signed.</li>
          <li>Whether others are shown the same log. Compare the root, or <code>api-stronghold-cli org verify --against FILE</code>.</li>
        </ul>
      </details>
    </>
  );
}
