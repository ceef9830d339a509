/** The revisions of a profile. */
import { useState } from "preact/hooks";
import type { ProfileListed, RevisionListed } from "../api";
import { session } from "../client";
import { Badge, Name } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { Loading } from "../components/Loading";
import { Menu } from "../components/Menu";
import { Time } from "../components/Time";
import { useLoad } from "../hooks";
import { CompareDialog, RestoreDialog } from "./compare";

/** The tab of the history: what was written when and by whom, comparing, and going back. */
export function History({ profile, onWritten }: { profile: ProfileListed; onWritten(): Promise<unknown> }) {
  const revisions = useLoad(() => session.profileHistory(profile.profile_id), [profile.profile_id]);
  const [comparing, setComparing] = useState<{ from: number; to: number }>();
  const [restoring, setRestoring] = useState<number>();
  const newest = revisions.data?.[0]?.revision ?? 1;
  const columns: Column<RevisionListed>[] = [
    { key: "revision", title: "Revision", width: "150px", cell: ({ revision }) => <span class="numbers">{revision} {revision === newest && <Badge tone="good">Now</Badge>}</span>, sort: ({ revision }) => revision },
    { key: "time", title: "Written", width: "160px", cell: ({ time }) => <Time at={time} />, sort: ({ time }) => time },
    { key: "author", title: "By", cell: ({ author }) => <Name>{author}</Name>, sort: ({ author }) => author },
    { key: "written", title: "Secrets written", width: "150px", align: "end", minor: true, cell: ({ written }) => <span class="numbers">{written}</span>, sort: ({ written }) => written },
    { key: "deleted", title: "Deleted", width: "110px", align: "end", minor: true, cell: ({ deleted }) => <span class="numbers">{deleted}</span>, sort: ({ deleted }) => deleted },
    {
      key: "deeds",
      title: "Actions",
      hideTitle: true,
      width: "52px",
      align: "end",
      cell: ({ revision }) => (
        <Menu
          label={`Actions for revision ${revision}`}
          items={[
            ...(revision > 1 ? [{ label: "Compare with the one before", icon: "eye" as const, act: () => setComparing({ from: revision - 1, to: revision }) }] : []),
            ...(revision < newest ? [{ label: "Compare with now", icon: "eye" as const, act: () => setComparing({ from: revision, to: newest }) }] : []),
            ...(revision < newest && profile.writable ? ["line" as const, { label: "Restore this revision", icon: "history" as const, act: () => setRestoring(revision) }] : []),
          ]}
        />
      ),
    },
  ];
  return (
    <Loading of={revisions} lines={5}>
      {(rows) => (
        <div class="stack">
          <DataTable
            label="Revisions"
            rows={rows}
            columns={columns}
            rowKey={({ revision }) => String(revision)}
            onOpen={({ revision }) => setComparing(revision > 1 ? { from: revision - 1, to: revision } : { from: 1, to: newest })}
            search={({ revision, author }) => `${revision} ${author}`}
            searchLabel="Search revisions and authors"
            filters={newest > 1 && <Button onPress={() => setComparing({ from: newest - 1, to: newest })}>Compare two</Button>}
          />
          <p class="hint">Each save is one revision, signed by its author. A row opens what it changed.</p>
          {comparing !== undefined && <CompareDialog profile={profile} newest={newest} {...comparing} onClose={() => setComparing(undefined)} />}
          {restoring !== undefined && <RestoreDialog profile={profile} revision={restoring} newest={newest} onDone={onWritten} onClose={() => setRestoring(undefined)} />}
        </div>
      )}
    </Loading>
  );
}
