/**
 * The worker that owns the cryptography: the wasm module, the session, every key, and what is
 * remembered. The page sends calls and gets plain data.
 * Locking closes the session and ends the worker, and its memory with it.
 */
import type { Session } from "./api";
import { openMemory } from "./memory";
import { PROGRESS, type PlainError, type Reply, type Request, type Start } from "./messages";
import { loadWasm } from "./wasm";

/** The class that opens sessions, from the first message on. */
let module: Promise<typeof Session> | undefined;
let session: Session | undefined;

/** Takes over an opened session; gives who it is. */
function open(opened: Session): ReturnType<Session["me"]> {
  session = opened;
  return opened.me();
}

/** Tells the page that what was verified cannot be remembered. */
const warn = (warning: string): void => postMessage({ warning } satisfies Reply);

/** Calls that are made without a session, by name; each opens one where the person can act at once. */
const accounts: Record<string, (type: typeof Session, args: any[]) => Promise<unknown>> = {
  async createOrganization(type, [url, organization]) {
    const made = await type.createOrganization(url, organization, await openMemory(warn), warn);
    await open(made.session);
    return made.owner;
  },
  async signIn(type, [url, credentials]) {
    return open(await type.signIn(url, credentials, await openMemory(warn), warn));
  },
  acceptInvite: (type, [url, invitation]) => type.acceptInvite(url, invitation),
  async recover(type, [url, recovery]) {
    const recovered = await type.recover(url, recovery, await openMemory(warn), warn);
    await open(recovered.session);
    return { account_key: recovered.account_key };
  },
  changePassword: async (type, [url, change]) => type.changePassword(url, change, await openMemory(warn)),
  checkAccountKey: async (type, [text]) => type.checkAccountKey(text),
  checkRecoveryKit: async (type, [text]) => type.checkRecoveryKit(text),
};

/** Any error as plain data. What has no kind is a fault of ours, and said to be a failure. */
function plain(error: unknown): PlainError {
  const known = (error ?? {}) as Partial<PlainError>;
  return {
    kind: known.kind ?? "failure",
    code: known.code,
    message: known.message ?? String(error),
    advice: known.advice,
    conflict: known.conflict ?? false,
  };
}

/** Finds what is called: an account function, or a method of the open session. */
async function run({ id, method, args }: Request): Promise<unknown> {
  if (module === undefined) {
    throw new Error("The worker was not told where its module is.");
  }
  const type = await module;
  const real = args.map((arg) => (arg === PROGRESS ? (progress: unknown) => postMessage({ id, progress }) : arg));
  const account = Object.hasOwn(accounts, method) ? accounts[method] : undefined;
  if (account !== undefined) {
    return account(type, real);
  }
  if (session === undefined) {
    throw new Error("Nobody is signed in.");
  }
  const called = (session as unknown as Record<string, unknown>)[method];
  if (typeof called !== "function") {
    throw new Error(`There is no call named ${method}.`);
  }
  return called.apply(session, real);
}

/** What did not verify. Nothing is asked of the server after that, whatever was called before it was known. */
let distrusted: PlainError | undefined;

/** Answers a call. An answer of the server that does not verify ends the session, with every key. */
async function answer(request: Request): Promise<void> {
  if (distrusted !== undefined) {
    postMessage({ id: request.id, error: distrusted });
    return;
  }
  try {
    postMessage({ id: request.id, ok: await run(request) });
  } catch (thrown) {
    const error = plain(thrown);
    postMessage({ id: request.id, error });
    if (error.kind === "integrity") {
      distrusted = error;
      await close();
    }
  }
}

async function close(): Promise<void> {
  const closing = session;
  session = undefined;
  await closing?.close();
}

let turn = Promise.resolve();

// One call after the other, as the session itself would have it: what waits here can still be called off.
onmessage = async ({ data }: MessageEvent<Start | Request>) => {
  if ("module" in data) {
    module = loadWasm(data.module);
    // A failure to load is told by the call that needs it.
    module.catch(() => undefined);
    return;
  }
  if (data.method === "close") {
    await close();
    postMessage({ id: data.id, ok: null });
    return;
  }
  turn = turn.then(() => answer(data));
};
