/** Who reaches a profile, and through which groups. */
import { useMemo } from "preact/hooks";
import type { GroupListed, ProfileListed } from "../api";
import { session } from "../client";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { useLoad } from "../hooks";
import { href, navigate } from "../router";
import { me } from "../state";

interface Granted {
  group_id: string;
  name: string;
  builtin: boolean;
  members: GroupListed["members"];
  write: boolean;
  history: boolean;
}

interface Reader {
  key: string;
  kind: "agent" | "user";
  id: string;
  name: string;
  groups: Granted[];
  write: boolean;
  history: boolean;
}

/** The groups that reach a profile. The built-in one reaches every profile, with all rights. */
function granting(groups: GroupListed[], profileId: string): Granted[] {
  return groups.flatMap((group) => {
    const grant = group.grants.find((candidate) => candidate.profile_id === profileId);
    if (grant === undefined && !group.builtin) {
      return [];
    }
    return [{ group_id: group.group_id, name: group.name, builtin: group.builtin, members: group.members, write: group.builtin || grant?.write === true, history: group.builtin || grant?.history === true }];
  });
}

/** Everybody in those groups, each once. */
function readersOf(groups: Granted[]): Reader[] {
  const readers = new Map<string, Reader>();
  for (const group of groups) {
    for (const { kind, id, name } of group.members) {
      const key = `${kind} ${id}`;
      const known = readers.get(key) ?? { key, kind, id, name, groups: [], write: false, history: false };
      readers.set(key, { ...known, groups: [...known.groups, group], write: known.write || (kind === "user" && group.write), history: known.history || (kind === "user" && group.history) });
    }
  }
  return [...readers.values()];
}

const COLUMNS: Column<Reader>[] = [
  { key: "name", title: "Name", cell: ({ kind, id, name }) => (kind === "agent" ? <a href={href("agents", id)}><Name>{name}</Name></a> : <Name>{name}</Name>), sort: ({ name }) => name },
  { key: "kind", title: "Kind", width: "100px", minor: true, cell: ({ kind }) => (kind === "agent" ? "Agent" : "Person"), sort: ({ kind }) => kind },
  { key: "rights", title: "May", width: "230px", cell: (reader) => <Rights write={reader.write} history={reader.history} />, sort: ({ write, history }) => Number(write) + Number(history) },
  {
    key: "groups",
    title: "Through",
    cell: ({ groups }) => <>{groups.map((group, index) => <span key={group.group_id}>{index > 0 && ", "}<a href={href("groups", group.group_id)}><Name>{group.name}</Name></a></span>)}</>,
    sort: ({ groups }) => groups.map((group) => group.name).join(" "),
  },
];

/** The tab of the access: which groups, and through them which agents and people. */
export function Access({ profile }: { profile: ProfileListed }) {
  const groups = useLoad(() => session.groups());
  const granted = useMemo(() => granting(groups.data ?? [], profile.profile_id), [groups.data, profile.profile_id]);
  const readers = useMemo(() => readersOf(granted), [granted]);
  const own = granted.filter((group) => !group.builtin);
  const toGroups = <Button onPress={() => navigate("groups")}>Go to groups</Button>;
  return (
    <Loading of={groups}>
      {() => (
        <div class="stack">
          {own.length === 0 ? (
            <EmptyState icon="group" title="No group is granted it" action={me.value?.is_manager === true ? toGroups : undefined}>
              <p>Only owners and admins reach this profile. Grant it to a group, and the group's agents and people read it with the token or password that they have.</p>
            </EmptyState>
          ) : (
            <ul class="grant-list">
              {own.map((group) => (
                <li key={group.group_id}>
                  <a href={href("groups", group.group_id)}><Name>{group.name}</Name></a>
                  <Rights write={group.write} history={group.history} />
                </li>
              ))}
            </ul>
          )}
          <DataTable label="Who reaches it" rows={readers} columns={COLUMNS} rowKey={({ key }) => key} search={({ name, groups: through }) => `${visible(name)} ${through.map((group) => group.name).join(" ")}`} searchLabel="Search agents, people, groups" />
          <p class="hint">The right to write is for editors, that to the history for people. Agents read what is there now; what one did read is on its page.</p>
        </div>
      )}
    </Loading>
  );
}

function Rights({ write, history }: { write: boolean; history: boolean }) {
  return (
    <span>
      <Badge>Read</Badge> {write && <Badge tone="accent">Write</Badge>} {history && <Badge tone="warn" title="May open earlier values too">History</Badge>}
    </span>
  );
}
