import { useId, useLayoutEffect, useState } from "preact/hooks";
import type { AuditEntry } from "../api";
import { session } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Field, Select } from "../components/Field";
import { useLoad } from "../hooks";
import { ACTION_NAMES, actionWords } from "../words";
import { EVERYTHING, KINDS, type FilterForm, type Period } from "./filter";

const PERIODS: { value: Period; label: string }[] = [
  { value: "all", label: "All time" },
  { value: "hour", label: "Last hour" },
  { value: "day", label: "Last 24 hours" },
  { value: "week", label: "Last 7 days" },
  { value: "month", label: "Last 30 days" },
  { value: "custom", label: "From and until" },
];

const OUTCOMES: { value: FilterForm["outcome"]; label: string }[] = [
  { value: "", label: "Any outcome" },
  { value: "allowed", label: "Allowed" },
  { value: "denied", label: "Denied" },
];

const ACTIONS = [...KINDS, ...ACTION_NAMES.map((action) => ({ value: action, label: actionWords(action) })).sort((a, b) => a.label.localeCompare(b.label))];

/** The bar of filters. Choices count at once; what is typed counts with Enter or its button. */
export function FilterBar({ form, onForm, entries }: { form: FilterForm; onForm(form: FilterForm): void; entries: AuditEntry[] }) {
  const names = useLoad(async () => {
    const [agents, people, profiles] = await Promise.all([session.agents(true), session.people(), session.profiles()]);
    return { agents, people, profiles };
  });
  const [typed, setTyped] = useState(form);
  const [problem, setProblem] = useState<string>();
  // Before anything can be typed into what this renders: a letter more would be lost with it.
  useLayoutEffect(() => setTyped(form), [form]);
  const profiles = [...(names.data?.profiles ?? [])].sort((a, b) => a.name.localeCompare(b.name));
  const isTyped = typed.secret !== form.secret || typed.since !== form.since || typed.until !== form.until;
  const choose = (change: Partial<FilterForm>): void => onForm({ ...form, ...change });
  const apply = (): void => {
    const wrong = typed.since !== "" && typed.until !== "" && typed.since >= typed.until ? "This is not after the time from which on." : undefined;
    setProblem(wrong);
    if (wrong === undefined) {
      onForm({ ...form, secret: typed.secret.trim(), since: typed.since, until: typed.until });
    }
  };
  return (
    <form
      class="filters"
      role="search"
      aria-label="Audit records"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <WhoSelect value={form.who} onValue={(who) => choose({ who })} agents={names.data?.agents ?? []} people={names.data?.people ?? []} entries={entries} />
      <Select
        label="Profile"
        value={form.profile}
        onValue={(profile) => choose({ profile, secret: "" })}
        options={[{ value: "", label: "Every profile" }, ...profiles.map((profile) => ({ value: profile.profile_id, label: visible(profile.name) })), ...(form.profile !== "" && !profiles.some((profile) => profile.profile_id === form.profile) ? [{ value: form.profile, label: form.profile }] : [])]}
      />
      {form.profile !== "" && <Field label="Secret" code value={typed.secret} onValue={(secret) => setTyped({ ...typed, secret })} placeholder="DATABASE_URL" />}
      <Select label="Action" value={form.action} onValue={(action) => choose({ action })} options={ACTIONS} />
      <Select label="Outcome" value={form.outcome} onValue={(outcome) => choose({ outcome })} options={OUTCOMES} />
      <Select label="Period" value={form.period} onValue={(period) => choose({ period })} options={PERIODS} />
      {form.period === "custom" && (
        <>
          <Field label="From" type="datetime-local" value={typed.since} onValue={(since) => setTyped({ ...typed, since })} />
          <Field label="Until" type="datetime-local" value={typed.until} onValue={(until) => setTyped({ ...typed, until })} error={problem} />
        </>
      )}
      <div class="actions">
        {(form.profile !== "" || form.period === "custom") && <Button type="submit" kind={isTyped ? "primary" : "secondary"} disabled={!isTyped}>Apply</Button>}
        {JSON.stringify(form) !== JSON.stringify(EVERYTHING) && <Button kind="quiet" onPress={() => onForm(EVERYTHING)}>Clear filters</Button>}
      </div>
    </form>
  );
}

/** Agents and people, the removed ones too where a record of theirs is shown. */
function WhoSelect({ value, onValue, agents, people, entries }: {
  value: string;
  onValue(value: string): void;
  agents: { agent_id: string; name: string; status: string }[];
  people: { user_id?: string; email: string }[];
  entries: AuditEntry[];
}) {
  const id = useId();
  const byLabel = (a: { label: string }, b: { label: string }): number => a.label.localeCompare(b.label);
  const groups = [
    { label: "Agents", options: agents.map((agent) => ({ value: `agent:${agent.agent_id}`, label: `${visible(agent.name)}${agent.status === "deleted" ? " (deleted)" : ""}` })).sort(byLabel) },
    { label: "People", options: people.flatMap((person) => (person.user_id === undefined ? [] : [{ value: `user:${person.user_id}`, label: visible(person.email) }])).sort(byLabel) },
  ];
  const known = new Set<string>(groups.flatMap((group) => group.options.map((option) => option.value)));
  const gone = new Map<string, string>();
  for (const { principal } of entries) {
    const key = `${principal?.kind}:${principal?.id}`;
    if (principal && !known.has(key)) {
      gone.set(key, visible(principal.name));
    }
  }
  if (value !== "" && !known.has(value) && !gone.has(value)) {
    gone.set(value, value.split(":")[1] ?? value);
  }
  groups.push({ label: "Former", options: [...gone].map(([key, label]) => ({ value: key, label })).sort(byLabel) });
  return (
    <div class="field">
      <label for={id}>Who</label>
      <select id={id} class="input" value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        <option value="" selected={value === ""}>Everybody</option>
        {groups.filter((group) => group.options.length > 0).map((group) => (
          <optgroup key={group.label} label={group.label}>
            {group.options.map((option) => <option key={option.value} value={option.value} selected={option.value === value}>{option.label}</option>)}
          </optgroup>
        ))}
      </select>
    </div>
  );
}
