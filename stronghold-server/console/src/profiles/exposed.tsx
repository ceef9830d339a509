/** The secrets that somebody could read who cannot any more. */
import type { ExposedSecret, ProfileListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { IconButton } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { Note } from "../components/ErrorNote";
import { Time } from "../components/Time";
import { useLoad } from "../hooks";
import { me } from "../state";
import { counted } from "../words";

/** The tab of what is exposed. `onChange` leads to a secret, to give it a new value. */
export function ExposedSecrets({ profile, onChange }: { profile: ProfileListed; onChange(secretId: string): void }) {
  const exposed = useLoad(() => session.exposures(profile.profile_id), [profile.profile_id]);
  const knowsReads = me.value?.is_manager === true;
  const columns: Column<ExposedSecret>[] = [
    { key: "name", title: "Secret", cell: ({ name }) => <span class="code"><Name>{name}</Name></span>, sort: ({ name }) => name },
    { key: "version", title: "Version", width: "100px", align: "end", minor: true, cell: ({ version }) => <span class="numbers">{version}</span>, sort: ({ version }) => version },
    { key: "to", title: "Exposed to", cell: (secret) => <Whom secret={secret} />, sort: ({ exposed_to }) => exposed_to[0]?.name },
    { key: "how", title: "How", width: "150px", cell: (secret) => <How secret={secret} />, sort: ({ exposed_to }) => exposed_to.filter((to) => to.read).length },
    { key: "ended", title: "Access ended", width: "160px", minor: true, cell: (secret) => <Time at={newestEnd(secret)} />, sort: newestEnd },
  ];
  if (profile.writable) {
    columns.push({ key: "change", title: "Change", hideTitle: true, width: "52px", align: "end", cell: ({ secret_id, name }) => <IconButton icon="edit" label={`Change ${visible(name)}`} onPress={() => onChange(secret_id)} /> });
  }
  return (
    <Loading of={exposed}>
      {(rows) => (
        <div class="stack">
          {rows.length > 0 && (
            <Note tone="warn">
              <strong>Get new values for these from whoever issues them.</strong> Somebody could read them whose access has ended. Each leaves the list when it gets a new value or is deleted.
              {!knowsReads && " Owners and admins see which of them were read."}
            </Note>
          )}
          <DataTable
            label="Exposed secrets"
            rows={rows}
            columns={columns}
            rowKey={({ secret_id }) => secret_id}
            search={({ name, exposed_to }) => `${name} ${exposed_to.map((to) => to.name).join(" ")}`}
            searchLabel="Search secrets and names"
            empty={
              <EmptyState icon="shield" title="Nothing is exposed">
                <p>When an agent is deleted, a token replaced, or a grant revoked, what could be read until then is listed here until it gets new values.</p>
              </EmptyState>
            }
          />
        </div>
      )}
    </Loading>
  );
}

function newestEnd({ exposed_to }: ExposedSecret): string | undefined {
  return exposed_to.map((to) => to.ended_at).sort().at(-1);
}

function Whom({ secret: { exposed_to } }: { secret: ExposedSecret }) {
  const [first, ...others] = exposed_to;
  if (first === undefined) {
    return null;
  }
  return (
    <span title={exposed_to.map((to) => visible(to.name)).join(", ")}>
      <Name>{first.name}</Name>{others.length > 0 && <span class="quiet"> and {counted(others.length, "other")}</span>}
    </span>
  );
}

function How({ secret: { exposed_to } }: { secret: ExposedSecret }) {
  return exposed_to.some((to) => to.read) ? <Badge tone="bad" title="The audit log shows that it was read">Was read</Badge> : <Badge tone="warn" title="It could be read">Could be read</Badge>;
}
