/**
 * All that this console keeps on a device, in IndexedDB: per organization the account key and e-mail address (if the person wants them
 * remembered) and the floors below which nothing is believed; the theme; the minutes until it locks. Nothing else, nowhere else.
 * A browser that refuses storage costs the remembering, and nothing more.
 */

import { joinFloors } from "./floors";

/** What is kept of one organization. */
export interface StoredOrganization {
  org_id: string;
  email?: string;
  account_key?: string;
  floors?: string;
}

/** The settings of this device. */
export interface Settings {
  theme: "auto" | "light" | "dark";
  auto_lock_minutes: number;
}

const DEFAULTS: Settings = { theme: "auto", auto_lock_minutes: 10 };

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("stronghold", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("organizations", { keyPath: "org_id" });
      request.result.createObjectStore("settings");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Runs one transaction over one store and gives what its request gave, once it is durable. */
async function within<T>(store: "organizations" | "settings", mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const transaction = (await database()).transaction(store, mode);
  const request = work(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** The organizations that this device knows. None where the browser refuses storage. */
export async function storedOrganizations(): Promise<StoredOrganization[]> {
  try {
    return await within("organizations", "readonly", (store) => store.getAll() as IDBRequest<StoredOrganization[]>);
  } catch {
    return [];
  }
}

/** What is kept of one organization. */
export async function storedOrganization(orgId: string): Promise<StoredOrganization | undefined> {
  return (await storedOrganizations()).find((stored) => stored.org_id === orgId);
}

/**
 * Changes what is kept of an organization in one transaction, so that tabs cannot undo each other: floors only rise. A member set to
 * `undefined` is forgotten. Says whether it could.
 */
export async function keepOrganization(orgId: string, change: Partial<Omit<StoredOrganization, "org_id">>): Promise<boolean> {
  try {
    const transaction = (await database()).transaction("organizations", "readwrite");
    const store = transaction.objectStore("organizations");
    const before = store.get(orgId) as IDBRequest<StoredOrganization | undefined>;
    before.onsuccess = () => {
      const next: StoredOrganization = { ...before.result, org_id: orgId, ...change };
      if (change.floors !== undefined) {
        next.floors = joinFloors(before.result?.floors, change.floors);
      }
      for (const key of ["email", "account_key", "floors"] as const) {
        if (next[key] === undefined) {
          delete next[key];
        }
      }
      store.put(next);
    };
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    return true;
  } catch {
    return false;
  }
}

/** Forgets all that is kept of an organization, its floors too. Says whether it could. */
export async function forgetOrganization(orgId: string): Promise<boolean> {
  try {
    await within("organizations", "readwrite", (store) => store.delete(orgId));
    return true;
  } catch {
    return false;
  }
}

/** The settings of this device, or the defaults. */
export async function storedSettings(): Promise<Settings> {
  try {
    const kept = await within("settings", "readonly", (store) => store.get("settings") as IDBRequest<Partial<Settings> | undefined>);
    return { ...DEFAULTS, ...kept };
  } catch {
    return DEFAULTS;
  }
}

/** Keeps the settings; a browser that refuses keeps them until the page closes. */
export async function keepSettings(settings: Settings): Promise<void> {
  try {
    await within("settings", "readwrite", (store) => store.put(settings, "settings"));
  } catch {
    return;
  }
}
