/**
 * All that this console keeps on a device: per organization the account key and e-mail address (if the person wants them remembered), and
 * what the worker remembers below which nothing is believed (`memory.ts`); the theme; the minutes until it locks. Nothing else, nowhere else.
 * A browser that refuses storage costs the remembering, and nothing more.
 */
import { within } from "./database";

/** What is kept of one organization for signing in. */
export interface StoredOrganization {
  org_id: string;
  email?: string;
  account_key?: string;
}

/** The settings of this device. */
export interface Settings {
  theme: "auto" | "light" | "dark";
  auto_lock_minutes: number;
}

const DEFAULTS: Settings = { theme: "auto", auto_lock_minutes: 10 };

/** The organizations that this device knows how to sign in to. None where the browser refuses storage. */
export async function storedOrganizations(): Promise<StoredOrganization[]> {
  try {
    return await within("organizations", "readonly", (transaction) => {
      const all = transaction.objectStore("organizations").getAll() as IDBRequest<StoredOrganization[]>;
      return () => all.result;
    });
  } catch {
    return [];
  }
}

/** What is kept of one organization, and what the worker remembers of it; the entry is the SDK's, and only shown. */
export async function storedOrganization(orgId: string): Promise<{ stored?: StoredOrganization; memory?: unknown }> {
  try {
    return await within(["organizations", "memory"], "readonly", (transaction) => {
      const stored = transaction.objectStore("organizations").get(orgId) as IDBRequest<StoredOrganization | undefined>;
      const memory = transaction.objectStore("memory").get(orgId) as IDBRequest<unknown>;
      return () => ({ stored: stored.result, memory: memory.result });
    });
  } catch {
    return {};
  }
}

/** Changes what is kept of an organization in one transaction. A member set to `undefined` is forgotten. Says whether it could. */
export async function keepOrganization(orgId: string, change: Partial<Omit<StoredOrganization, "org_id">>): Promise<boolean> {
  return succeeds(
    within("organizations", "readwrite", (transaction) => {
      const organizations = transaction.objectStore("organizations");
      const before = organizations.get(orgId) as IDBRequest<StoredOrganization | undefined>;
      before.onsuccess = () => {
        const { email, account_key } = { ...before.result, ...change };
        if (email === undefined && account_key === undefined) {
          organizations.delete(orgId);
        } else {
          organizations.put({ org_id: orgId, ...(email === undefined ? {} : { email }), ...(account_key === undefined ? {} : { account_key }) });
        }
      };
      return () => undefined;
    }),
  );
}

/** Forgets all that is kept of an organization, what was verified too. Says whether it could. */
export async function forgetOrganization(orgId: string): Promise<boolean> {
  return succeeds(
    within(["organizations", "memory"], "readwrite", (transaction) => {
      transaction.objectStore("organizations").delete(orgId);
      transaction.objectStore("memory").delete(orgId);
      return () => undefined;
    }),
  );
}

/** The settings of this device, or the defaults. */
export async function storedSettings(): Promise<Settings> {
  try {
    const kept = await within("settings", "readonly", (transaction) => {
      const kept = transaction.objectStore("settings").get("settings") as IDBRequest<Partial<Settings> | undefined>;
      return () => kept.result;
    });
    return { ...DEFAULTS, ...kept };
  } catch {
    return DEFAULTS;
  }
}

/** Keeps the settings; a browser that refuses keeps them until the page closes. */
export async function keepSettings(settings: Settings): Promise<void> {
  await succeeds(
    within("settings", "readwrite", (transaction) => {
      transaction.objectStore("settings").put(settings, "settings");
      return () => undefined;
    }),
  );
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
