/**
 * The worker that owns the cryptography: the wasm module, the session and every key. The page sends calls and gets plain data.
 * Locking closes the session and ends the worker, and its memory with it.
 */
import type { Session } from "./api";
import { PROGRESS, type Floors, type PlainError, type Reply, type Request } from "./messages";
import { loadWasm } from "./wasm";

const module = loadWasm();
let session: Session | undefined;
let lastFloors: string | undefined;

/** Calls that are made without a session, by name; each opens one where the person can act at once. */
const accounts: Record<string, (type: typeof Session, args: any[]) => Promise<unknown>> = {
  async createOrganization(type, [url, organization]) {
    const made = await type.createOrganization(url, organization);
    session = made.session;
    return made.owner;
  },
  async signIn(type, [url, credentials, remembered]) {
    session = await type.signIn(url, credentials, remembered);
    return session.me();
  },
  acceptInvite: (type, [url, invitation]) => type.acceptInvite(url, invitation),
  async recover(type, [url, recovery, remembered]) {
    const recovered = await type.recover(url, recovery, remembered);
    session = recovered.session;
    return { account_key: recovered.account_key };
  },
  changePassword: (type, [url, change]) => type.changePassword(url, change),
  checkAccountKey: async (type, [text]) => type.checkAccountKey(text),
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

/** The floors, if they are not those that were told last. */
function changedFloors(): Floors | undefined {
  if (session === undefined) {
    return undefined;
  }
  const floors = session.remembered();
  if (floors === lastFloors) {
    return undefined;
  }
  lastFloors = floors;
  return { org_id: session.me().org_id, floors };
}

/** Adds changed floors to an answer. Where they cannot be told (the session is closed), the answer goes without. */
function send(reply: Reply): void {
  let floors: Floors | undefined;
  try {
    floors = changedFloors();
  } catch {
    floors = undefined;
  }
  postMessage(floors === undefined ? reply : { ...reply, floors });
}

/** Finds what is called: an account function, or a method of the open session. */
async function run({ id, method, args }: Request): Promise<unknown> {
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

onmessage = async ({ data }: MessageEvent<Request>) => {
  if (data.method === "close") {
    session?.close();
    session = undefined;
    postMessage({ id: data.id, ok: null });
    return;
  }
  try {
    const ok = await run(data);
    send({ id: data.id, ok });
  } catch (error) {
    send({ id: data.id, error: plain(error) });
  }
};
