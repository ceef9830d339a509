import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import type { AuditEntry } from "../api";
import { ReadsChart } from "../audit/chart";
import "../audit/audit.css";
import { csv, jsonLines } from "../audit/export";
import { saveAs } from "../save";
import { EVERYTHING, formOfRoute, questionOf, type FilterForm } from "../audit/filter";
import { FilterBar } from "../audit/filter-bar";
import { useAuditLog } from "../audit/log";
import { columns, RecordDialog } from "../audit/record";
import { VerifyLog } from "../audit/verify";
import { Button } from "../components/Button";
import { DataTable } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Icon } from "../components/Icons";
import { Menu } from "../components/Menu";
import { PageHeader } from "../components/PageHeader";
import { Skeleton, Spinner } from "../components/Spinner";
import { route } from "../router";
import { me, toast } from "../state";
import { counted } from "../words";

const ABOUT = "Every request, also the denied ones: who asked, for what, and what came of it. Nothing is read before its record is on disk.";

/** The audit log: filtered, watched live, charted, verified, exported. */
export function AuditPage() {
  if (me.value?.role === "editor") {
    return (
      <>
        <PageHeader title="Audit" about={ABOUT} />
        <EmptyState icon="audit" title="Not for editors"><p>Owners, admins and auditors read the audit log. Ask one of them.</p></EmptyState>
      </>
    );
  }
  return <Log />;
}

function Log() {
  const [form, setForm] = useState(() => formOfRoute(route.value));
  const [live, setLive] = useState(false);
  const [opened, setOpened] = useState<AuditEntry>();
  const asked = route.value.join("/");
  useLayoutEffect(() => setForm(formOfRoute(route.value)), [asked]);
  // A period ends when it is chosen, so that paging goes on in the same one.
  const question = useMemo(() => questionOf(form), [form]);
  const ends = question.filter.until !== undefined;
  const watching = live && !ends;
  const log = useAuditLog(question, watching, () => setLive(false));
  const entries = log.entries ?? [];
  const shown = useMemo(() => columns(log.fresh), [log.fresh]);
  const change = (next: FilterForm): void => setForm(next);
  return (
    <>
      <PageHeader
        title="Audit"
        about={ABOUT}
        actions={
          <>
            <LiveSwitch on={watching} disabled={ends} onChange={setLive} />
            <Button icon="refresh" disabled={watching} busy={log.loading && log.entries !== undefined} onPress={log.reload}>Refresh</Button>
            <ExportMenu entries={entries} />
          </>
        }
      />
      {me.value?.role === "auditor" && <Note>You hold no key, so secrets are shown by their ids.</Note>}
      <VerifyLog />
      <FilterBar form={form} onForm={change} entries={entries} />
      <ErrorNote error={log.error} />
      <ReadsChart entries={entries} more={log.more} />
      {log.entries === undefined ? log.loading && <Skeleton lines={8} label="Reading the log" /> : (
        <div class="stack audit-log">
          <p class="quiet numbers" role="status">{counted(entries.length, "record")}, newest first{form.action === "work" && "; what clients do by themselves to keep up is left out"}</p>
          <DataTable label="Audit records" rows={entries} columns={shown} rowKey={(entry) => entry.event_id} onOpen={setOpened} empty={<Nothing form={form} more={log.more} onClear={() => setForm(EVERYTHING)} />} />
          {log.more ? <div class="load-more"><Button busy={log.loading} onPress={log.loadMore}>Load more</Button></div> : entries.length > 0 && <p class="quiet load-more">This is the beginning of the log, as far as the filter goes.</p>}
        </div>
      )}
      {opened !== undefined && <RecordDialog entry={opened} onFilter={(part) => setForm({ ...form, ...part })} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function Nothing({ form, more, onClear }: { form: FilterForm; more: boolean; onClear(): void }) {
  if (more) {
    return <p class="no-match">Nothing matches in the newest records. Load more to look further back.</p>;
  }
  return (
    <EmptyState icon="audit" title="No record" action={form === EVERYTHING ? undefined : <Button onPress={onClear}>Clear filters</Button>}>
      <p>{form === EVERYTHING ? "Every request to read or change something appears here." : "Nothing in the log matches this filter."}</p>
    </EmptyState>
  );
}

/** The switch that keeps the list up with the log. */
function LiveSwitch({ on, disabled, onChange }: { on: boolean; disabled: boolean; onChange(on: boolean): void }) {
  return (
    <button
      type="button"
      role="switch"
      class="live-switch"
      aria-checked={on}
      aria-disabled={disabled ? "true" : undefined}
      title={disabled ? "The period has an end: nothing new falls into it" : "Asks for new records every three seconds while this page is visible"}
      onClick={() => !disabled && onChange(!on)}
    >
      <span class="live-track" aria-hidden="true"><span /></span>
      Live
      {on && <Spinner />}
    </button>
  );
}

function ExportMenu({ entries }: { entries: AuditEntry[] }) {
  const save = (extension: string, type: string, text: (entries: AuditEntry[]) => string): void => {
    if (entries.length === 0) {
      toast("There is no record to export", "plain");
      return;
    }
    saveAs(`stronghold-audit-${new Date().toISOString().slice(0, 10)}.${extension}`, type, text(entries));
    toast(`Exported ${counted(entries.length, "record")}, those that are shown`);
  };
  return (
    <Menu
      label="Export what is shown"
      button={<><Icon name="download" /><span>Export</span><Icon name="chevron" /></>}
      items={[
        { label: "CSV", act: () => save("csv", "text/csv", csv) },
        { label: "JSON Lines", act: () => save("jsonl", "application/jsonl", jsonLines) },
      ]}
    />
  );
}
