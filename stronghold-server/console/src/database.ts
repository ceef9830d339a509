/** The one database of this console in a browser. The page and the worker each open it; two tabs are four programs that share it. */

/** `organizations`: what signs in; `memory`: what was verified of each organization; `settings`. */
export type StoreName = "organizations" | "memory" | "settings";

const VERSION = 2;

let opened: Promise<IDBDatabase> | undefined;

/** The open database. Rejects where the browser refuses storage, as some do in private windows. */
export function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("stronghold", VERSION);
    request.onupgradeneeded = () => {
      const there = request.result.objectStoreNames;
      const missing = (name: StoreName): boolean => !there.contains(name);
      if (missing("organizations")) {
        request.result.createObjectStore("organizations", { keyPath: "org_id" });
      }
      (["memory", "settings"] as const).filter(missing).forEach((name) => request.result.createObjectStore(name));
    };
    request.onsuccess = () => {
      // A newer console in another tab must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * Runs one transaction and gives what its work found, once it is durable: on the disk, not only with the system.
 * @param work makes the requests at once, and gives a function that tells what came of them
 */
export async function within<T>(stores: StoreName | StoreName[], mode: "readonly" | "readwrite", work: (transaction: IDBTransaction) => () => T): Promise<T> {
  const transaction = (await database()).transaction(stores, mode, { durability: "strict" });
  const found = work(transaction);
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(found());
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("the browser ended it"));
  });
}
