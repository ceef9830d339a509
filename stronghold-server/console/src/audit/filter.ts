/** The filter of the audit page: as it is chosen, and as it is asked. */
import type { AuditFilter } from "../api";
import type { Question } from "./log";
import type { Kind } from "./words";

/** What is chosen. Empty texts choose nothing. */
export interface FilterForm {
  /** `agent:ID` or `user:ID`. */
  who: string;
  profile: string;
  /** A name or id, within the profile. */
  secret: string;
  /** A kind of records, or one action. */
  action: string;
  outcome: "" | "allowed" | "denied";
  period: Period;
  /** Local times, as date fields have them; for the period of one's own. */
  since: string;
  until: string;
}

/** How far back. */
export type Period = "all" | "hour" | "day" | "week" | "month" | "custom";

const HOUR = 3_600_000;
const LENGTHS: Partial<Record<Period, number>> = { hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR };

/** Everything but upkeep, from the beginning. */
export const EVERYTHING: FilterForm = { who: "", profile: "", secret: "", action: "work", outcome: "", period: "all", since: "", until: "" };

/** The kinds of records, which stand before the single actions. */
export const KINDS: { value: Kind; label: string }[] = [
  { value: "work", label: "All but upkeep" },
  { value: "reads", label: "Reads of values" },
  { value: "all", label: "All, with upkeep" },
];

/** The filter that a route asks for: `#/audit/agent/ID`, `#/audit/user/ID`, `#/audit/profile/ID`. */
export function formOfRoute([, what, id]: string[]): FilterForm {
  if (id === undefined) {
    return EVERYTHING;
  }
  return what === "agent" || what === "user" ? { ...EVERYTHING, who: `${what}:${id}` } : what === "profile" ? { ...EVERYTHING, profile: id } : EVERYTHING;
}

function isKind(action: string): action is Kind {
  return KINDS.some((kind) => kind.value === action);
}

/** What is asked of the log, as of now: a period ends now and begins so long ago. */
export function questionOf(form: FilterForm, now = Date.now()): Question {
  const filter: AuditFilter = {};
  const [kind, id] = form.who.split(":");
  if (id !== undefined) {
    filter[kind === "agent" ? "agent_id" : "user_id"] = id;
  }
  if (form.profile !== "") {
    filter.profile_id = form.profile;
    if (form.secret !== "") {
      filter.secret = form.secret;
    }
  }
  if (!isKind(form.action)) {
    filter.action = form.action;
  }
  if (form.outcome !== "") {
    filter.outcome = form.outcome;
  }
  const length = LENGTHS[form.period];
  if (length !== undefined) {
    filter.since = new Date(now - length).toISOString();
  } else if (form.period === "custom") {
    const [since, until] = [form.since, form.until].map((local) => (local === "" ? undefined : new Date(local).toISOString()));
    Object.assign(filter, since === undefined ? {} : { since }, until === undefined ? {} : { until });
  }
  return { filter, kind: isKind(form.action) ? form.action : "all" };
}
