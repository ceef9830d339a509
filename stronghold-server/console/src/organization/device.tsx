import { useState } from "preact/hooks";
import { Button } from "../components/Button";
import { Note } from "../components/ErrorNote";
import { Skeleton } from "../components/Spinner";
import { toast } from "../state";
import { counted } from "../words";
import { rememberedShown, forgetAccount, ForgetDeviceDialog, useStored } from "./forget";

/** What this device keeps of the organization, and how it is cleared. It rises with `verified`. */
export function Device({ orgId, verified }: { orgId: string; verified: number }) {
  const [round, setRound] = useState(0);
  const [forgetting, setForgetting] = useState(false);
  const read = useStored(orgId, round + verified);
  return (
    <section class="card" aria-labelledby="device">
      <header><h2 id="device">This device</h2></header>
      {read === undefined ? <Skeleton /> : (
        <>
          {read.memory === undefined && <Note tone="warn">This browser keeps nothing: its storage is refused, or was cleared. A server that was put back to an older state is not noticed here.</Note>}
          <dl class="facts">
            <dt>Account key</dt>
            <dd>{read.stored?.account_key === undefined ? "not kept: it is asked for at each sign-in" : "kept, with your address: only the password is asked for"}</dd>
            <dt>Remembered</dt>
            <dd><Remembered memory={read.memory} /></dd>
            <dt>Settings</dt>
            <dd>theme, and minutes until it locks</dd>
          </dl>
          <p class="quiet">That is all, in this browser's database for <code>{location.host}</code>. No password, no secret value and no key that opens or signs anything is kept. What is remembered says how far this device has seen the server come: what is older, or of another history, is refused, so a server that is put back is noticed.</p>
          <div class="actions">
            {read.stored?.account_key !== undefined && (
              <Button
                onPress={async () => {
                  await forgetAccount(orgId);
                  setRound(round + 1);
                  toast("The account key is not kept here any more");
                }}
              >
                Forget the account key
              </Button>
            )}
            <Button icon="trash" onPress={() => setForgetting(true)}>Forget this device</Button>
          </div>
        </>
      )}
      {forgetting && <ForgetDeviceDialog orgId={orgId} onClose={() => setForgetting(false)} />}
    </section>
  );
}

function Remembered({ memory }: { memory: unknown }) {
  const { statements, profiles, records } = rememberedShown(memory);
  const parts = [
    statements !== undefined && counted(statements, "statement"),
    profiles !== undefined && counted(profiles, "profile"),
    records !== undefined && `${counted(records, "audit record")}`,
  ].filter((part) => part !== false);
  return <>{parts.length === 0 ? <span class="quiet">none</span> : parts.join(", ")}</>;
}
