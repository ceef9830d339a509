/** Records as files: CSV and JSON Lines, in the forms of the command line's `audit export`. */
import type { AuditEntry } from "../api";
import { said, whatText } from "./words";

const COLUMNS = "position,event_id,time,kind,principal,name,action,outcome,reason,profile,revision,what,address,context_reason,ci_provider,ci_repository,ci_run_id,signed";

/** A field of CSV (RFC 4180). What a spreadsheet would take for a formula is quoted as text. */
function field(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[,"\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Records as CSV, with a line of column names. */
export function csv(entries: AuditEntry[]): string {
  const lines = entries.map((entry) => {
    const who = entry.principal;
    const { reason, provider, repository, run } = said(entry);
    const fields = [
      entry.position,
      entry.event_id,
      entry.time,
      who?.kind,
      who?.id,
      who?.name,
      entry.action,
      entry.outcome,
      entry.reason,
      entry.profile?.name,
      entry.profile?.revision,
      whatText(entry),
      entry.address,
      reason,
      provider,
      repository,
      run,
      entry.signed,
    ];
    return fields.map((value) => field(String(value ?? ""))).join(",");
  });
  return `${[COLUMNS, ...lines].join("\n")}\n`;
}

/** Records as JSON, one a line. */
export function jsonLines(entries: AuditEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}
