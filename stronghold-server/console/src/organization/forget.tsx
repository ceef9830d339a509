import { useEffect, useState } from "preact/hooks";
import { closeSession } from "../client";
import { ConfirmDialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { lock } from "../lock";
import { directoryTick } from "../state";
import { forgetOrganization, keepOrganization, storedOrganization } from "../storage";

/** What is remembered of an organization, in numbers. What cannot be read says nothing. */
export interface RememberedShown {
  statements?: number;
  profiles?: number;
  records?: number;
}

/** Reads an entry for showing; the SDK alone decides by it. */
export function rememberedShown(memory: unknown): RememberedShown {
  try {
    const text = memory instanceof Uint8Array ? new TextDecoder().decode(memory) : "{}";
    const read = JSON.parse(text) as { header?: { seq?: unknown } | null; profiles?: unknown; checkpoint?: { size?: unknown } | null };
    const number = (value: unknown, add = 0): number | undefined => (typeof value === "number" ? value + add : undefined);
    const shown = { statements: number(read.header?.seq, 1), profiles: Array.isArray(read.profiles) ? read.profiles.length : undefined, records: number(read.checkpoint?.size) };
    return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
  } catch {
    return {};
  }
}

/** What this device keeps of an organization: what signs in, and what is remembered. */
type Stored = Awaited<ReturnType<typeof storedOrganization>>;

/** What this device keeps of an organization; read again when the directory or `round` changes. `undefined` until read. */
export function useStored(orgId: string, round = 0): Stored | undefined {
  const [read, setRead] = useState<Stored>();
  useEffect(() => {
    let current = true;
    void storedOrganization(orgId).then((stored) => current && setRead(stored));
    return () => {
      current = false;
    };
  }, [orgId, round, directoryTick.value]);
  return read;
}

/** Forgets an organization's account key and address on this device; what was verified is remembered on. */
export async function forgetAccount(orgId: string): Promise<void> {
  await keepOrganization(orgId, { account_key: undefined, email: undefined });
}

/** Forgets all that this device keeps of an organization, and locks: an open session would remember it anew. */
export function ForgetDeviceDialog({ orgId, onClose }: { orgId: string; onClose(): void }) {
  return (
    <ConfirmDialog
      title="Forget this device?"
      confirm="Forget and lock"
      typed="forget"
      onClose={onClose}
      onConfirm={async () => {
        // The session goes first, so that nothing that it still verifies is remembered after that.
        await closeSession();
        const forgotten = await forgetOrganization(orgId);
        lock(forgotten ? "This device has forgotten the organization." : "The browser did not clear its storage, and this device may still remember. Clear this site's data in the browser's settings.");
      }}
    >
      <p>The account key and the address go, if they are remembered, and so does what this device has verified, behind which it believes no server.</p>
      <Note tone="warn">
        <p>What is remembered protects you against a server that was put back to an older state. Without it, the next server that you sign in to is believed whatever state it shows.</p>
      </Note>
      <p>Forget it when you give the device away; or after the server was restored from a backup, when somebody whom you trust has looked at what is lost and accepted it with <code>api-stronghold-cli org verify --accept-rollback</code>.</p>
      <p>Have the account key and the password at hand: you need both to sign in again. Lock other tabs of this console first, or they remember anew.</p>
    </ConfirmDialog>
  );
}
