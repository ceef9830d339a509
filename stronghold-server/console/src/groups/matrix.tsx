import { useMemo, useRef, useState } from "preact/hooks";
import type { GroupListed, ProfileListed } from "../api";
import { Name, visible } from "../components/Badge";
import { Note } from "../components/ErrorNote";
import { Field } from "../components/Field";
import { Icon } from "../components/Icons";
import { href } from "../router";
import { AccessDialog, accessWords, type AccessOf, type Granted } from "./access";

const MOST_GROUPS = 100;
const MOST_PROFILES = 40;

function matching<T extends { name: string }>(all: T[], words: string): T[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return all.filter(({ name }) => wanted.every((word) => name.toLowerCase().includes(word)));
}

/** Groups by profiles with the access in each cell. Arrows move, Enter grants, adds or revokes. */
export function AccessMatrix({ groups, profiles, manages }: { groups: GroupListed[]; profiles: ProfileListed[]; manages: boolean }) {
  const [words, setWords] = useState({ group: "", profile: "" });
  const [at, setAt] = useState({ row: 0, column: 0 });
  const [opened, setOpened] = useState<AccessOf>();
  const body = useRef<HTMLTableSectionElement>(null);
  const foundGroups = useMemo(() => matching(groups, words.group), [groups, words.group]);
  const foundProfiles = useMemo(() => matching(profiles, words.profile), [profiles, words.profile]);
  const rows = foundGroups.slice(0, MOST_GROUPS);
  const columns = foundProfiles.slice(0, MOST_PROFILES);
  const here = { row: Math.max(0, Math.min(at.row, rows.length - 1)), column: Math.max(0, Math.min(at.column, columns.length - 1)) };

  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [here.row - 1, here.column],
      ArrowDown: [here.row + 1, here.column],
      ArrowLeft: [here.row, here.column - 1],
      ArrowRight: [here.row, here.column + 1],
      Home: [here.row, 0],
      End: [here.row, columns.length - 1],
      PageUp: [0, here.column],
      PageDown: [rows.length - 1, here.column],
    };
    const to = steps[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    const next = { row: Math.max(0, Math.min(to[0], rows.length - 1)), column: Math.max(0, Math.min(to[1], columns.length - 1)) };
    setAt(next);
    body.current?.querySelector<HTMLElement>(`[data-cell="${next.row}.${next.column}"]`)?.focus();
  };

  return (
    <div class="stack">
      <div class="matrix-tools">
        <Field label="Groups" type="search" value={words.group} onValue={(group) => setWords({ ...words, group })} placeholder="Search groups" />
        <Field label="Profiles" type="search" value={words.profile} onValue={(profile) => setWords({ ...words, profile })} placeholder="Search profiles" />
      </div>
      {(foundGroups.length > MOST_GROUPS || foundProfiles.length > MOST_PROFILES) && (
        <Note>
          Shown are {rows.length} of {foundGroups.length} groups and {columns.length} of {foundProfiles.length} profiles. Search for the others.
        </Note>
      )}
      {rows.length === 0 || columns.length === 0 ? <p class="no-match">Nothing matches.</p> : (
        <div class="table-box matrix-box">
          <table class="matrix" role="grid" aria-label="Access of groups to profiles" aria-readonly={manages ? undefined : "true"}>
            <thead>
              <tr>
                <th scope="col">Group</th>
                {columns.map((profile) => <th key={profile.profile_id} scope="col" class="matrix-profile"><a href={href("profiles", profile.profile_id)} title={visible(profile.name)}><Name>{profile.name}</Name></a></th>)}
              </tr>
            </thead>
            <tbody ref={body} onKeyDown={move}>
              {rows.map((group, row) => (
                <tr key={group.group_id}>
                  <th scope="row"><a href={href("groups", group.group_id)} title={visible(group.name)}><Name>{group.name}</Name></a></th>
                  {columns.map((profile, column) => {
                    const granted = group.grants.find((grant) => grant.profile_id === profile.profile_id);
                    const label = `${visible(group.name)} on ${visible(profile.name)}: ${accessWords(granted)}`;
                    return (
                      <td key={profile.profile_id}>
                        <button
                          type="button"
                          class={granted === undefined ? "matrix-cell" : "matrix-cell granted"}
                          data-cell={`${row}.${column}`}
                          tabIndex={row === here.row && column === here.column ? 0 : -1}
                          title={label}
                          aria-haspopup={manages ? "dialog" : undefined}
                          aria-disabled={manages ? undefined : "true"}
                          onFocus={() => setAt({ row, column })}
                          onClick={() => manages && setOpened({ group, profile, granted })}
                        >
                          <span class="visually-hidden">{label}</span>
                          {granted === undefined ? <Icon name="plus" /> : <span class="matrix-access" data-access={letters(granted)} />}
                        </button>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="quiet">R read, W write, H history. {manages && "Arrow keys move, Enter changes."} Owners and admins reach every profile.</p>
      {opened !== undefined && <AccessDialog {...opened} onClose={() => setOpened(undefined)} />}
    </div>
  );
}

/** The access in a letter each; drawn by the style sheet, as the cell's words say it already. */
function letters(granted: Granted): string {
  return `R${granted.write ? "W" : ""}${granted.history ? "H" : ""}`;
}
