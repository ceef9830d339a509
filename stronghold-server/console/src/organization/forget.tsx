import { useEffect, useState } from "preact/hooks";
import { closeSession } from "../client";
import { ConfirmDialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { lock } from "../lock";
import { directoryTick } from "../state";
import { forgetOrganization, keepOrganization, storedOrganization, type StoredOrganization } from "../storage";

/** What the floors of an organization say, in numbers. Floors that cannot be read say nothing. */
export interface FloorsShown {
  statements?: number;
  profiles?: number;
  records?: number;
}

/** Reads floors for showing; the SDK alone decides by them. */
export function floorsShown(floors: string | undefined): FloorsShown {
  try {
    const read = JSON.parse(floors ?? "{}") as { header?: { seq?: unknown } | null; profiles?: unknown; checkpoint?: { size?: unknown } | null };
    const number = (value: unknown, add = 0): number | undefined => (typeof value === "number" ? value + add : undefined);
    const shown = { statements: number(read.header?.seq, 1), profiles: Array.isArray(read.profiles) ? read.profiles.length : undefined, records: number(read.checkpoint?.size) };
    return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
  } catch {
    return {};
  }
}

/** What this device keeps of an organization; read again when the directory or `round` changes. `undefined` until read. */
export function useStored(orgId: string, round = 0): { stored: StoredOrganization | undefined } | undefined {
  const [read, setRead] = useState<{ stored: StoredOrganization | undefined }>();
  useEffect(() => {
    let current = true;
    void storedOrganization(orgId).then((stored) => current && setRead({ stored }));
    return () => {
      current = false;
    };
  }, [orgId, round, directoryTick.value]);
  return read;
}

/** Forgets an organization's account key and address on this device; its floors stay. */
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
        // The session goes first, so that nothing it still answers is kept after that.
        closeSession();
        const forgotten = await forgetOrganization(orgId);
        lock(forgotten ? "This device has forgotten the organization." : "The browser did not clear its storage, and this device may still remember. Clear this site's data in the browser's settings.");
      }}
    >
      <p>The account key and the address go, if they are remembered, and so do the floors: the numbers below which this device believes no server.</p>
      <Note tone="warn">
        <p>Floors protect you against a server that was put back to an older state. Without them, the next server that you sign in to is believed whatever state it shows.</p>
      </Note>
      <p>Forget them when you give the device away; or after the server was restored from a backup, when somebody whom you trust has looked at what is lost and accepted it with <code>api-stronghold-cli org verify --accept-rollback</code>.</p>
      <p>Have the account key and the password at hand: you need both to sign in again. Lock other tabs of this console first, or they remember anew.</p>
    </ConfirmDialog>
  );
}
