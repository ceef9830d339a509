import type { AuditEntry } from "../api";
import { newest } from "../audit/log";
import { Badge, Name, visible } from "../components/Badge";
import { DataTable, type Column } from "../components/DataTable";
import { Loading } from "../components/Loading";
import { Time } from "../components/Time";
import { useLoad } from "../hooks";
import { actionWords, counted } from "../words";

const NEWEST = 50;

const COLUMNS: Column<AuditEntry>[] = [
  { key: "time", title: "Time", width: "140px", cell: (entry) => <Time at={entry.time} /> },
  {
    key: "action",
    title: "What it did",
    cell: (entry) => <>{actionWords(entry.action)}{entry.outcome === "denied" && <> <Badge tone="bad" title={entry.reason ?? "denied"}>Denied</Badge></>}</>,
  },
  { key: "profile", title: "Profile", width: "24%", cell: (entry) => (entry.profile === undefined ? <span class="quiet">-</span> : <><Name>{entry.profile.name}</Name>{entry.profile.revision !== undefined && <span class="quiet numbers"> revision {entry.profile.revision}</span>}</>) },
  { key: "secrets", title: "Secrets", width: "22%", minor: true, cell: (entry) => <Secrets entry={entry} /> },
  { key: "from", title: "From", width: "130px", minor: true, cell: (entry) => <span class="numbers">{entry.address ?? ""}</span> },
];

function Secrets({ entry }: { entry: AuditEntry }) {
  const secrets = entry.secrets ?? [];
  if (secrets.length === 0) {
    return <span class="quiet">-</span>;
  }
  const names = secrets.map((secret) => visible(secret.name ?? secret.secret_id));
  return <span title={names.join(", ")}>{names.length === 1 ? names[0] : counted(names.length, "secret")}</span>;
}

/** What an agent did last, from the audit log, in which the server cannot alter what the agent signed. */
export function AgentReads({ id }: { id: string }) {
  const entries = useLoad(() => newest({ agent_id: id }, NEWEST), [id]);
  return (
    <section class="card" aria-labelledby="agent-reads">
      <header>
        <h2 id="agent-reads">What it read</h2>
        {entries.data !== undefined && entries.data.length === NEWEST && <span class="quiet">the newest {NEWEST}</span>}
      </header>
      <Loading of={entries}>
        {(rows) => (
          <DataTable label="What it read" rows={rows} columns={COLUMNS} rowKey={(entry) => entry.event_id} empty={<p class="quiet">Nothing yet. Every read appears here, also one that was refused.</p>} />
        )}
      </Loading>
    </section>
  );
}
