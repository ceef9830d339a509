/** What records say, in words; and which of them a person looks for. */
import type { AuditEntry } from "../api";

/** Actions that give values out. */
const READS = new Set(["profile.read", "secret.read", "version.read", "revision.export"]);

/** What clients do by themselves to keep up: most of a log, and seldom what somebody looks for. */
const UPKEEP = new Set(["directory.read", "audit.read", "checkpoint.read", "activity.read", "acceptance.read", "key_request.read", "seal.read", "self.read", "profile.list", "revision.list"]);

/** Which records are looked at: all but allowed upkeep, those that gave values out, or all. */
export type Kind = "work" | "reads" | "all";

/** Whether a record gave values out, or was refused to. */
export function isRead(entry: AuditEntry): boolean {
  return READS.has(entry.action);
}

/** Whether a record is of a kind. What was denied is never upkeep. */
export function isOfKind(entry: AuditEntry, kind: Kind): boolean {
  return kind === "all" || (kind === "reads" ? isRead(entry) : !UPKEEP.has(entry.action) || entry.outcome === "denied");
}

const REASONS: Record<string, string> = {
  clock_skew: "its clock is off",
  nonce_used: "sent before",
  expired: "expired",
  not_yet_valid: "not valid yet",
  inactive: "deactivated",
  deleted: "deleted or removed",
  key_ended: "token was replaced",
  address_refused: "not from this address",
  uses_exhausted: "used up",
  not_found: "not there, or not for it",
  forbidden: "not allowed",
  conflict: "somebody else was first",
  revision_conflict: "somebody else was first",
  profile_held: "the profile was held",
  rate_limited: "too many requests",
  login_refused: "the password was wrong",
};

/** Why something was denied. A code that is new to this console is shown as it came. */
export function reasonWords(reason: string | undefined): string {
  return reason === undefined ? "denied" : (REASONS[reason] ?? reason.replaceAll("_", " "));
}

/** What a record is about beside its profile, as the command line says it: for exports, where it must read the same. */
export function whatText(entry: AuditEntry): string {
  if (entry.statement !== undefined) {
    return `statement ${entry.statement}`;
  }
  const named = (entry.secrets ?? []).map(({ name, secret_id, version }) => (version === undefined || version === null ? (name ?? secret_id) : `${name ?? secret_id} v${version}`));
  const revision = entry.profile?.revision;
  return [...named, ...(revision === undefined ? [] : [`revision ${revision}`])].join(", ");
}

/** What a caller says of itself. Only texts are taken; anything else in it is nothing that this console knows. */
export interface Said {
  reason?: string;
  provider?: string;
  repository?: string;
  run?: string;
  clockCorrected?: number;
}

/** Reads a record's context, which the caller wrote: nothing about its form is sure. */
export function said(entry: AuditEntry): Said {
  const context = entry.context ?? {};
  const ci = typeof context["ci"] === "object" && context["ci"] !== null ? (context["ci"] as Record<string, unknown>) : {};
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const found = { reason: text(context["reason"]), provider: text(ci["provider"]), repository: text(ci["repository"]), run: text(ci["run_id"]) };
  const corrected = context["clock_corrected_seconds"];
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    ...(typeof corrected === "number" && corrected !== 0 ? { clockCorrected: corrected } : {}),
  };
}

/** What a caller says of itself, in one line; empty where it says nothing. */
export function saidLine(entry: AuditEntry): string {
  const { provider, repository, run, reason } = said(entry);
  return [[provider, repository, run].filter((part) => part !== undefined).join(" "), reason ?? ""].filter((part) => part !== "").join(": ");
}
