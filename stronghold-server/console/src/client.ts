/**
 * The page's side of the worker: every method of `Session` as a typed asynchronous call, and the account functions that open one.
 * Here, once for all pages: warnings are shown, an integrity error takes over the screen, and pages reload after a change.
 */
import type { AccountKeyInfo, NewMember, NewOwner, Session, StrongholdError } from "./api";
import { sentence } from "./components/ErrorNote";
import { NOT_STARTED, PROGRESS, type PlainError, type Reply, type Request } from "./messages";
import { server } from "./server";
import { startWorker } from "./start";
import { directoryChanged, integrityError, noteActivity, reachable, toast } from "./state";

/** Who is signed in. */
export type Me = Awaited<ReturnType<Session["me"]>>;

type Async<T> = { [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never };

interface Pending {
  resolve(value: unknown): void;
  reject(error: StrongholdError): void;
  progress?: (value: unknown) => void;
}

let worker: Promise<Worker> | undefined;
let lastId = 0;
const pending = new Map<number, Pending>();

/** Calls that change what pages show; after each of them, and only when it succeeded, what is shown is read again. */
const CHANGES = new Set<string>([
  "renameOrganization", "setOwnerThreshold", "approve", "withdrawApproval", "createAgent", "updateAgent", "activateAgent", "deactivateAgent",
  "rotateToken", "finishRotation", "deleteAgent", "createGroup", "deleteGroup", "addMember", "removeMember", "grant", "revoke", "createProfile",
  "renameProfile", "acceptReplaced", "deleteProfile", "rotateProfile", "edit", "importDotenv", "restoreProfile", "rollbackSecret", "restoreSecret", "inviteUser",
  "cancelInvite", "confirmUser", "confirmKeys", "setRole", "removeUser",
]);

function toError({ message, ...members }: PlainError): StrongholdError {
  return Object.assign(new Error(message), members, { name: "StrongholdError" as const });
}

function receive({ data }: MessageEvent<Reply>): void {
  if ("warning" in data) {
    toast(sentence(data.warning), "bad");
    return;
  }
  const call = pending.get(data.id);
  if (call === undefined) {
    return;
  }
  if ("progress" in data) {
    noteActivity();
    call.progress?.(data.progress);
    return;
  }
  pending.delete(data.id);
  if (!("error" in data)) {
    reachable.value = true;
    call.resolve(data.ok);
    return;
  }
  const error = toError(data.error);
  if (error.kind === "integrity") {
    integrityError.value = error;
  } else if (error.kind === "unreachable") {
    reachable.value = false;
  }
  call.reject(error);
}

function start(): Promise<Worker> {
  const starting = startWorker();
  const failed = (): void => {
    if (worker === starting) {
      worker = undefined;
    }
    rejectAll(NOT_STARTED);
  };
  starting.then((started) => {
    started.onmessage = receive;
    started.onerror = () => {
      started.terminate();
      failed();
    };
  }, failed);
  return starting;
}

function rejectAll(reason: string): void {
  const error = toError({ kind: "failure", message: reason, conflict: false });
  for (const call of pending.values()) {
    call.reject(error);
  }
  pending.clear();
}

async function call(method: string, args: unknown[]): Promise<unknown> {
  // After an answer that did not verify, nothing more is asked.
  if (integrityError.value !== undefined) {
    throw integrityError.value;
  }
  const starting = (worker ??= start());
  const id = ++lastId;
  const progress = args.find((arg) => typeof arg === "function") as ((value: unknown) => void) | undefined;
  const answer = new Promise((resolve, reject) => pending.set(id, { resolve, reject, progress }));
  const request: Request = { id, method, args: args.map((arg) => (typeof arg === "function" ? PROGRESS : arg)) };
  // Called off meanwhile, by a lock or a failed start, it is not sent.
  void starting.then((to) => pending.has(id) && to.postMessage(request), () => undefined);
  const ok = await answer;
  if (CHANGES.has(method)) {
    directoryChanged();
  }
  return ok;
}

/** The open session: every method of `Session`, asynchronous. Errors are `StrongholdError`. */
export const session = new Proxy({} as Async<Omit<Session, "close">>, {
  get: (_, method) => (...args: unknown[]) => call(String(method), args),
});

/** What is done without a session. The server is always the one that served this page. */
export const accounts = {
  createOrganization: (organization: { name: string; email: string; password: string; setup_code: string }) =>
    call("createOrganization", [server, organization]) as Promise<NewOwner>,
  signIn: (credentials: { account_key: string; email: string; password: string }) => call("signIn", [server, credentials]) as Promise<Me>,
  acceptInvite: (invitation: { code: string; email: string; password: string }) => call("acceptInvite", [server, invitation]) as Promise<NewMember>,
  recover: (recovery: { recovery_kit: string; password: string }) => call("recover", [server, recovery]) as Promise<{ account_key: string }>,
  changePassword: (change: { account_key: string; email: string; password: string; new_password: string; new_account_key: boolean }) =>
    call("changePassword", [server, change]) as Promise<{ account_key?: string }>,
  /** What a typed account key is for. Throws with a sentence when it is none. */
  checkAccountKey: (text: string) => call("checkAccountKey", [text]) as Promise<AccountKeyInfo>,
};

/** Wipes the session's keys and ends the worker with all that it held; a worker too busy to answer is ended all the same. Resolves when it is. */
export function closeSession(): Promise<void> {
  const ending = worker;
  worker = undefined;
  rejectAll("The console was locked.");
  if (ending === undefined) {
    return Promise.resolve();
  }
  return ending.then(endWorker, () => undefined);
}

function endWorker(ending: Worker): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      ending.terminate();
      resolve();
    };
    ending.onmessage = ending.onerror = end;
    ending.postMessage({ id: ++lastId, method: "close", args: [] });
    setTimeout(end, 500);
  });
}
