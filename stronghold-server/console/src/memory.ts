/**
 * Where the worker remembers what it verified of each organization, so that no server can take this browser back. What an entry says is
 * the SDK's: here it is bytes, which are compared and swapped in one transaction. Two tabs are two programs.
 */
import type { Memory, MemoryStore } from "./api";
import { database, within } from "./database";

const inDatabase: MemoryStore = {
  load: (org) =>
    within("memory", "readonly", (transaction) => {
      const kept = transaction.objectStore("memory").get(org) as IDBRequest<Uint8Array | undefined>;
      return () => kept.result;
    }),
  swap: (org, before, after) =>
    within("memory", "readwrite", (transaction) => {
      const entries = transaction.objectStore("memory");
      const kept = entries.get(org) as IDBRequest<Uint8Array | undefined>;
      let swapped = false;
      kept.onsuccess = () => {
        if (same(kept.result, before)) {
          entries.put(after, org);
          swapped = true;
        }
      };
      return () => swapped;
    }),
};

/** The browser's database. Where the browser refuses it, the memory of this worker only, and `warn` is told. */
export async function openMemory(warn: (warning: string) => void): Promise<Memory> {
  try {
    await database();
    return inDatabase;
  } catch {
    warn("This browser refuses storage: what is verified is remembered until the console locks, and no longer. After that, a server could show something older.");
    return "inProcess";
  }
}

function same(kept: Uint8Array | undefined, before: Uint8Array | undefined): boolean {
  if (kept === undefined || before === undefined) {
    return kept === before;
  }
  return kept.length === before.length && kept.every((byte, at) => byte === before[at]);
}
