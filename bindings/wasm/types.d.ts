// The interface of `stronghold-wasm`, for browsers and Node. Members of data are named as in the JSON of the command line. Ids, hashes and
// times are strings: UUIDs, base64url, RFC 3339 in UTC with milliseconds. Optional members are absent where there is nothing.
//
// Every call throws a StrongholdError. The calls of one session wait for each other.

/** Starts the module in a browser; Node starts it by itself. Nothing else may be called before. */
export default function init(input?: { module_or_path: Promise<Response> | Response | URL | string | BufferSource }): Promise<unknown>;
/** The same, from bytes that are there. */
export function initSync(input: { module: BufferSource | WebAssembly.Module }): unknown;

export type ErrorKind = "integrity" | "refused" | "not_found" | "unreachable" | "failure";
/** Everything that a call throws: an Error with these members. */
export interface StrongholdError extends Error {
  name: "StrongholdError"; kind: ErrorKind; code?: string /* server's stable code, e.g. "login_refused" */;
  advice?: string; conflict: boolean /* somebody else's change came first */;
  /** Set where the answer to a write proves nothing: whether the server shows that it was made. */
  made?: boolean;
  /** What exists only once, of such a write: show it. */
  once?: { token?: string; code?: string; account_key?: string; recovery_kit?: string };
}
export type Role = "owner" | "admin" | "editor" | "auditor";

// ---- accounts: static functions; each gives a Session except acceptInvite (an admin confirms first) ----
export interface SheetQr { svg_path: string; size: number }  // path data "M0 0h1v1h-1z..." for <svg viewBox="0 0 size size">
export interface NewOwner { account_key: string; recovery_kit: string; recovery_qr: SheetQr; org_id: string; user_id: string }
export interface NewMember extends NewOwner { fingerprint: string /* of the keys, to tell whoever confirms them */ }
export interface AccountKeyInfo { org_id: string; user_id: string }

/**
 * Where the host keeps what was verified, so that no server can take this device back behind it: one entry an organization, which only the
 * SDK reads. An entry holds no secret, but names profiles. Several tabs or processes may share a store. What these functions throw:
 * from `load` it ends the call, from `swap` it is a warning, and the work goes on.
 */
export interface MemoryStore {
  /** The entry of an organization; undefined where nothing was kept yet. */
  load(org_id: string): Promise<Uint8Array | undefined>;
  /** Replaces the entry by `after`, durably and in one step, if it is `before` still, byte for byte. False, and nothing is written, if it is another one by now. */
  swap(org_id: string, before: Uint8Array | undefined, after: Uint8Array): Promise<boolean>;
}
/** `"inProcess"`: in this process only; the next one knows no more than the account, and can be shown any past since. */
export type Memory = MemoryStore | "inProcess";
/** Is told, once, that what was verified could not be kept. */
export type OnWarning = (warning: string) => void;

export class Session {
  static createOrganization(url: string, organization: { name: string; email: string; password: string; setup_code: string }, memory: Memory, warned?: OnWarning): Promise<{ session: Session; owner: NewOwner }>;
  static signIn(url: string, with_: { account_key: string; email: string; password: string }, memory: Memory, warned?: OnWarning): Promise<Session>;
  static acceptInvite(url: string, with_: { code: string; email: string; password: string }): Promise<NewMember>;
  static recover(url: string, with_: { recovery_kit: string; password: string }, memory: Memory, warned?: OnWarning): Promise<{ session: Session; account_key: string }>;
  static changePassword(url: string, with_: { account_key: string; email: string; password: string; new_password: string; new_account_key: boolean }, memory: Memory): Promise<{ account_key?: string }>;
  static checkRecoveryKit(text: string): AccountKeyInfo;    // the same for a recovery kit
  static checkAccountKey(text: string): AccountKeyInfo;     // throws kind "failure" with a sentence when it is none (typo, cut off)

  /** Wipes every key; the object is unusable afterwards. */
  close(): Promise<void>;

  /** Replays what is newer of the directory; gives the new head. Everything below except where marked works on the directory as of the last sync or own change. */
  sync(): Promise<{ seq: number; changed: boolean }>;
  me(): Promise<Me>;

  // ---- organization ----
  organization(): Promise<OrganizationInfo>;
  renameOrganization(name: string): Promise<boolean>;
  setOwnerThreshold(threshold: number): Promise<Decision>;
  approvals(): Promise<Approval[]>;
  approve(approval_id: string, changes: string[]): Promise<Decision>;  // signs only what says exactly these changes
  withdrawApproval(approval_id: string): Promise<void>;
  /** org verify: everything from the genesis on; each(profileName) as it goes. */
  verifyOrganization(each: (profile: string) => void): Promise<OrganizationVerified>;

  // ---- agents ----
  agents(all?: boolean): Promise<AgentListed[]>;             // with the server's word on activity; all: deleted ones too
  agent(agent_id: string): Promise<AgentShown>;
  createAgent(agent: NewAgent): Promise<Minted>;
  updateAgent(agent_id: string, update: { name?: string; conditions?: Conditions }): Promise<void>;
  activateAgent(agent_id: string): Promise<void>;
  deactivateAgent(agent_id: string): Promise<void>;
  /** grace_seconds: both tokens are good until finishRotation. Without it the old one ends at once and `exposed` is told. */
  rotateToken(agent_id: string, grace_seconds?: number): Promise<Minted & { exposed?: Exposed }>;
  finishRotation(agent_id: string): Promise<Exposed>;
  deleteAgent(agent_id: string, progress?: (p: RekeyProgress) => void): Promise<Exposed>;

  // ---- groups ----
  groups(): Promise<GroupListed[]>;
  createGroup(name: string): Promise<{ group_id: string }>;
  deleteGroup(group_id: string, progress?: (p: RekeyProgress) => void): Promise<Exposed>;
  addMember(group_id: string, member: Principal): Promise<boolean>;
  removeMember(group_id: string, member: Principal, progress?: (p: RekeyProgress) => void): Promise<Exposed>;
  grant(group_id: string, profile_id: string, access: "read" | "write" | "history"): Promise<boolean>;
  revoke(group_id: string, profile_id: string, progress?: (p: RekeyProgress) => void): Promise<Exposed>;

  // ---- profiles and secrets ----
  profiles(): Promise<ProfileListed[]>;
  createProfile(name: string): Promise<{ profile_id: string }>;
  renameProfile(profile_id: string, name: string): Promise<void>;
  deleteProfile(profile_id: string): Promise<void>;
  rotateProfile(profile_id: string, progress?: (p: RekeyProgress) => void): Promise<void>;
  /** Finishes a re-encryption that somebody began. False where there was nothing to do. */
  finishRekey(profile_id: string, progress?: (p: RekeyProgress) => void): Promise<boolean>;
  /** Accepts that a profile has a name that was another one's on this device (`replaced`); until then every call with its id is refused. */
  acceptReplaced(profile_id: string): Promise<void>;
  /** Reads (one audited request), verifies and opens the profile; values stay in the wasm memory until revealed. Replaces what was open of it. */
  openProfile(profile_id: string): Promise<ProfileOpened>;
  /** The value of the open profile's secret; as text where it is UTF-8, else base64. No request. */
  reveal(profile_id: string, secret: string): Promise<SecretValue>;
  /** Forgets (wipes) what was opened. */
  closeProfile(profile_id: string): Promise<void>;
  /** One new revision, on top of `base` exactly: another revision meanwhile is refused with conflict=true and code "revision_conflict". */
  edit(profile_id: string, edit: Edit): Promise<EditOutcome>;
  /** dotenv text to entries; throws with a line number. Values stay inside; names and what would happen come out. */
  previewDotenv(profile_id: string, text: string): Promise<{ created: string[]; updated: string[]; unchanged: string[] }>;
  importDotenv(profile_id: string, text: string, base: number): Promise<EditOutcome>;
  /** Two states side by side after a conflict or between revisions: what differs, with values. `null` = not there. */
  diff(profile_id: string, old_revision: number, new_revision: number): Promise<Difference[]>;
  profileHistory(profile_id: string): Promise<RevisionListed[]>;
  restoreProfile(profile_id: string, revision: number, shown: number /* on top of this revision, or not at all */): Promise<EditOutcome>;
  secretHistory(profile_id: string, secret: string): Promise<SecretVersionListed[]>;
  secretVersion(profile_id: string, secret: string, version: number): Promise<SecretValue>;
  rollbackSecret(profile_id: string, secret: string, version: number): Promise<EditOutcome>;
  deletedSecrets(profile_id: string): Promise<{ secret_id: string; name: string; version: number; deleted_revision: number }[]>;
  restoreSecret(profile_id: string, secret_id: string): Promise<EditOutcome>;
  /** Secrets that somebody could read who cannot any more, until each is changed. */
  exposures(profile_id?: string): Promise<ExposedSecret[]>;

  // ---- people ----
  people(): Promise<PersonListed[]>;
  inviteUser(invite: { email: string; role: Role; group_ids: string[]; expires_at: string }): Promise<{ invite_id: string; code: string; email: string; role: Role; expires_at: string }>;  // as the directory states it
  cancelInvite(invite_id: string): Promise<void>;
  confirmUser(invite_id: string, fingerprint: string): Promise<{ user_id: string; decision: Decision }>;
  /** Puts in force the new keys that a member asks for, if these are still they. */
  confirmKeys(user_id: string, fingerprint: string, progress?: (p: RekeyProgress) => void): Promise<void>;
  setRole(user_id: string, role: Role): Promise<{ decision: Decision; exposed?: Exposed }>;
  removeUser(user_id: string, progress?: (p: RekeyProgress) => void): Promise<{ decision: Decision; exposed?: Exposed }>;

  // ---- audit log ----
  /** The newest matching records before `before` (a position; the end of the log without it), newest first. A page of the log is looked at in one call, so there may be fewer than `limit`, or none, and still more further back. */
  auditList(filter: AuditFilter, limit: number, before?: number): Promise<{ entries: AuditEntry[]; size?: number /* of the log, without `before` */; next?: number /* pass as `before`; absent: no more */ }>;
  /** Records from a position on, oldest first, for live view; own questions are left out. */
  auditSince(filter: AuditFilter, from: number): Promise<{ entries: AuditEntry[]; next: number }>;
  /** Verifies every record from raw bytes, against the directory and what is remembered. */
  auditVerify(each: (verified: number) => void): Promise<AuditVerified>;
}

export interface Me { user_id: string; email: string; role: Role; org_id: string; is_manager: boolean; is_owner: boolean }
export type Principal = { kind: "agent"; id: string } | { kind: "user"; id: string };
export interface Decision { status: "unchanged" | "made" | "pending"; approval_id?: string }
export interface RekeyProgress { profile: string; done: number; total: number }
export interface Conditions { not_before?: string; expires_at?: string; source_cidrs: string[]; max_uses?: number }
export interface NewAgent { name: string; group_ids: string[]; conditions: Conditions }
export interface Minted { agent_id: string; name: string; token: string; expires_at?: string }
export interface AgentListed { agent_id: string; name: string; status: "active" | "inactive" | "expired" | "deleted"; groups: { group_id: string; name: string }[]; expires_at?: string; last_seen_at?: string; rotation_pending?: { since: string; until: string } }
export interface AgentShown extends AgentListed { created_at: string; profiles: { profile_id: string; name: string }[]; conditions: Conditions; uses: number }
export interface Exposed { read: ExposedItem[]; could_read: ExposedItem[] }   // what was read at least; what could be read
export interface ExposedItem { profile: string; secret_id: string; name: string; version: number }
export interface ExposedSecret extends ExposedItem { exposed_to: { kind: "agent" | "user"; id: string; name: string; ended_at: string; read: boolean | null /* null: the log is not read so far back */ }[] }
export interface GroupListed { group_id: string; name: string; builtin: boolean; members: { kind: "agent" | "user"; id: string; name: string }[]; grants: { profile_id: string; profile: string; write: boolean; history: boolean }[] }
export interface ProfileListed { profile_id: string; name: string; revision?: number /* absent: may not be read */; epoch: number; rekeying: boolean; readable: boolean; writable: boolean; history: boolean; replaced: boolean /* another profile had the name on this device */; groups: { group_id: string; name: string }[] }
export interface ProfileOpened { profile_id: string; name: string; revision: number; rekeying: boolean; secrets: SecretListed[] }
export interface SecretListed { secret_id: string; name: string; version: number; kind: "value" | "reference"; note?: string; updated_at: string; bytes: number }
export type SecretValue = { text: string } | { base64: string };
export interface Edit { base?: number; set?: { name: string; value: string; note?: string; reference?: boolean }[]; delete?: string[]; rename?: { from: string; to: string }[] }
export interface EditOutcome { revision: number; created: number; updated: number; unchanged: number; deleted: number }
export interface Difference { secret_id: string; name: string; old: { version: number; value?: SecretValue } | null; new: { version: number; value?: SecretValue } | null }
export interface RevisionListed { revision: number; time: string; author: string; written: number; deleted: number }
export interface SecretVersionListed { version: number; revision: number; time: string; author: string; state: "current" | "kept" | "purged" }
export interface PersonListed { user_id?: string; invite_id?: string; email: string; role: Role; status: "member" | "invited" | "accepted" | "expired"; groups: string[]; expires_at?: string; last_seen_at?: string; accepted_keys?: string /* fingerprint of the keys with which an invitation was accepted */; new_keys?: string /* fingerprint of the keys that a member asks for */ }
export interface OrganizationInfo { org_id: string; name: string; owners: string[]; admins: string[]; owner_threshold: number; approvals_pending: number; roster_version: number; statements: number; head: string; checkpoint_key: string; agents: number; groups: number; profiles: number; fingerprint: string /* org_id in groups of four, for comparing by eye */; version: string /* of this package */ }
export interface Approval { approval_id: string; since: string; changes: string[] /* in words, all of them; or why it cannot be signed */; can_be_signed: boolean; signed_by: string[]; missing: number; new_owners: string[]; former_owners: string[] }
export interface OrganizationVerified { statements: number; profiles: number; secrets: number; revisions: number; ciphertexts: number; purged: number; heads_only: string[] }
export interface AuditFilter { agent_id?: string; user_id?: string; profile_id?: string; secret?: string; action?: string; outcome?: "allowed" | "denied"; since?: string; until?: string }
export interface AuditEntry { schema: number; position: number; event_id: string; time: string; principal?: { kind: "agent" | "user"; id: string; name: string }; signed: boolean; action: string; outcome: "allowed" | "denied"; reason?: string; profile?: { profile_id?: string; name: string; revision?: number }; secrets?: { secret_id: string; name?: string; version?: number }[]; statement?: number; address?: string; context?: Record<string, unknown>; directory: { seq: number; hash: string } }
export interface AuditVerified { records: number; allowed: number; denied: number; unsigned: number /* of both: log-ins and the organization's creation, which nobody signs */; root: string; continues?: number /* records remembered before */; newest?: string }

/** Reads secrets as an agent: what programs in Node use. */
export class Agent {
  static fromToken(token: string, options?: { url?: string; reason?: string; store?: MemoryStore /* without one: in this process only */; on_warning?: OnWarning }): Agent;
  profiles(): Promise<{ profile_id: string; name: string; revision: number; rekeying: boolean }[]>;
  pull(profile: string, options?: { raw?: boolean; allow_references?: string[] }): Promise<Secrets>;
  close(): void;
}
export class Secrets { readonly revision: number; names(): string[]; get(name: string): string | undefined; bytes(name: string): Uint8Array | undefined; close(): void }

/** For tests of the package only: runs a case of a file of `docs/vectors` in this very module. */
export class Vectors { /** JSON in; `{"ok": ...}` or `{"refused": "why"}` out, as JSON. */ static run(file: "tokens" | "requests" | "aead" | "checkpoints" | "directory" | "evidence" | "files" | "history" | "leaves" | "manifest" | "merkle" | "partial" | "people" | "receipts" | "replies" | "rosters" | "seals" | "signed" | "strict" | "texts", case_: string): string }
