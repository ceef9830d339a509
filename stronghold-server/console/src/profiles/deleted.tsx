/** The secrets that were deleted and can be brought back. */
import type { ProfileListed } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { useLoad } from "../hooks";
import { toast } from "../state";

interface Row {
  secret_id: string;
  name: string;
  version: number;
  deleted_revision: number;
}

/** The tab of what was deleted. */
export function Deleted({ profile, onWritten }: { profile: ProfileListed; onWritten(): Promise<unknown> }) {
  const deleted = useLoad(() => session.deletedSecrets(profile.profile_id), [profile.profile_id]);
  const restore = async ({ secret_id, name }: Row): Promise<void> => {
    try {
      const done = await session.restoreSecret(profile.profile_id, secret_id);
      toast(`${visible(name)} is back, as revision ${done.revision}.`);
    } catch (error) {
      toast(`${visible(name)} was not brought back: ${(error as Error).message}.`, "bad");
      return;
    }
    await onWritten();
  };
  const columns: Column<Row>[] = [
    { key: "name", title: "Name", cell: ({ name }) => <span class="code"><Name>{name}</Name></span>, sort: ({ name }) => name },
    { key: "version", title: "Last version", width: "140px", align: "end", minor: true, cell: ({ version }) => <span class="numbers">{version}</span>, sort: ({ version }) => version },
    { key: "revision", title: "Deleted at revision", width: "180px", align: "end", minor: true, cell: ({ deleted_revision }) => <span class="numbers">{deleted_revision}</span>, sort: ({ deleted_revision }) => deleted_revision },
  ];
  if (profile.writable) {
    columns.push({ key: "back", title: "Bring back", width: "170px", align: "end", cell: (row) => <Button small icon="history" onPress={() => restore(row)}>Bring back<span class="visually-hidden"> {visible(row.name)}</span></Button> });
  }
  return (
    <Loading of={deleted}>
      {(rows) => (
        <DataTable
          label="Deleted secrets"
          rows={rows}
          columns={columns}
          rowKey={({ secret_id }) => secret_id}
          search={({ name }) => name}
          searchLabel="Search names"
          empty={
            <EmptyState icon="trash" title="Nothing is deleted">
              <p>A secret that is deleted can be brought back from here, with the value that it had last, as long as that is kept.</p>
            </EmptyState>
          }
        />
      )}
    </Loading>
  );
}
