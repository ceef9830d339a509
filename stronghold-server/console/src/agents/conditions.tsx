import type { Conditions } from "../api";
import { Field } from "../components/Field";

/** Conditions as they are typed. */
export interface ConditionsForm {
  expiry: "never" | "7" | "30" | "90" | "date";
  /** Local time, as a date field has it. */
  expiresAt: string;
  notBefore: string;
  ranges: string;
  maxUses: string;
}

/** What is wrong with single fields, in words. */
export type ConditionProblems = { [K in "expiresAt" | "notBefore" | "ranges" | "maxUses"]?: string };

/** No conditions. */
export const NO_CONDITIONS: ConditionsForm = { expiry: "never", expiresAt: "", notBefore: "", ranges: "", maxUses: "" };

const DAY = 86_400_000;

/** A time for a date field, in the person's zone, to the minute. */
function toLocal(time: string | undefined): string {
  if (time === undefined) {
    return "";
  }
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Conditions for editing. */
export function toForm({ expires_at, not_before, source_cidrs, max_uses }: Conditions): ConditionsForm {
  return {
    expiry: expires_at === undefined ? "never" : "date",
    expiresAt: toLocal(expires_at),
    notBefore: toLocal(not_before),
    ranges: source_cidrs.join("\n"),
    maxUses: max_uses === undefined ? "" : String(max_uses),
  };
}

/** What was typed as conditions, or what is wrong with it. `before` keeps times that were not touched exact to the millisecond. */
export function fromForm(form: ConditionsForm, before?: Conditions): { conditions: Conditions } | { problems: ConditionProblems } {
  const problems: ConditionProblems = {};
  const time = (local: string, known: string | undefined): string | undefined =>
    known !== undefined && toLocal(known) === local ? known : local === "" ? undefined : new Date(local).toISOString();
  const conditions: Conditions = { source_cidrs: form.ranges.split(/[\s,]+/).filter((range) => range !== "") };
  if (form.expiry === "date") {
    const expires = time(form.expiresAt, before?.expires_at);
    if (expires === undefined) {
      problems.expiresAt = "Choose a day and time.";
    } else {
      conditions.expires_at = expires;
    }
  } else if (form.expiry !== "never") {
    conditions.expires_at = new Date(Date.now() + Number(form.expiry) * DAY).toISOString();
  }
  const starts = time(form.notBefore, before?.not_before);
  if (starts !== undefined) {
    conditions.not_before = starts;
    if (conditions.expires_at !== undefined && starts >= conditions.expires_at) {
      problems.notBefore = "This is after it expires.";
    }
  }
  if (form.maxUses.trim() !== "") {
    const uses = Number(form.maxUses);
    if (Number.isSafeInteger(uses) && uses > 0) {
      conditions.max_uses = uses;
    } else {
      problems.maxUses = "Type a whole number above 0, or nothing.";
    }
  }
  const strange = conditions.source_cidrs.find((range) => !/^[0-9a-f.:]+\/[0-9]{1,3}$/i.test(range));
  if (strange !== undefined) {
    problems.ranges = `“${strange}” is not an address range like 203.0.113.0/24 or 2001:db8::/32. A single address ends with /32 or /128.`;
  }
  return Object.keys(problems).length > 0 ? { problems } : { conditions };
}

const EXPIRIES: { value: ConditionsForm["expiry"]; label: string }[] = [
  { value: "never", label: "Never" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "date", label: "A date" },
];

/** The choice when the agent expires. */
export function ExpiryFields({ form, onForm, problems }: { form: ConditionsForm; onForm(form: ConditionsForm): void; problems: ConditionProblems }) {
  return (
    <>
      <fieldset>
        <legend>Expires</legend>
        <div class="choices">
          {EXPIRIES.map(({ value, label }) => (
            <label key={value}>
              <input type="radio" name="expiry" checked={form.expiry === value} onChange={() => onForm({ ...form, expiry: value })} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      {form.expiry === "date" && <Field label="Expires at" type="datetime-local" value={form.expiresAt} onValue={(expiresAt) => onForm({ ...form, expiresAt })} error={problems.expiresAt} hint="In your time zone." />}
    </>
  );
}

/** What few agents need: when it begins, from where, how often. The server checks these. */
export function FurtherConditions({ form, onForm, problems }: { form: ConditionsForm; onForm(form: ConditionsForm): void; problems: ConditionProblems }) {
  return (
    <>
      <Field label="Not before" required={false} type="datetime-local" value={form.notBefore} onValue={(notBefore) => onForm({ ...form, notBefore })} error={problems.notBefore} hint="Until then it is refused. In your time zone." />
      <Field label="Source ranges" required={false} code rows={2} value={form.ranges} onValue={(ranges) => onForm({ ...form, ranges })} error={problems.ranges} placeholder="203.0.113.0/24" hint="Addresses it may come from, one range a line. From anywhere if empty." />
      <Field label="Most uses" required={false} type="number" min={1} value={form.maxUses} onValue={(maxUses) => onForm({ ...form, maxUses })} error={problems.maxUses} hint="After so many reads it is refused." />
    </>
  );
}
