import { useState } from "preact/hooks";
import type { GroupListed } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button, IconButton } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Skeleton } from "../components/Spinner";
import { useLoad } from "../hooks";
import { href } from "../router";
import { AccessBadges, AccessDialog, type AccessOf } from "./access";

type Grant = GroupListed["grants"][number];

/** What a group is granted. Managers grant, add to a grant, and revoke. */
export function Grants({ group, manages }: { group: GroupListed; manages: boolean }) {
  const [picking, setPicking] = useState(false);
  const [opened, setOpened] = useState<AccessOf>();
  const changes = manages && !group.builtin;
  const open = (profile: AccessOf["profile"], granted: Grant | undefined): void => {
    setPicking(false);
    setOpened({ group, profile, granted });
  };
  const columns: Column<Grant>[] = [
    { key: "profile", title: "Profile", cell: (grant) => <a href={href("profiles", grant.profile_id)}><Name>{grant.profile}</Name></a>, sort: (grant) => grant.profile },
    { key: "access", title: "Access", width: "220px", cell: (grant) => <AccessBadges granted={grant} /> },
    ...(changes ? [{ key: "change", title: "Change", hideTitle: true, width: "52px", align: "end" as const, cell: (grant: Grant) => <IconButton icon="edit" label={`Change access to ${visible(grant.profile)}`} onPress={() => open({ profile_id: grant.profile_id, name: grant.profile }, grant)} /> }] : []),
  ];
  return (
    <section class="card" aria-labelledby="group-grants">
      <header>
        <h2 id="group-grants">Grants <span class="count">{group.builtin ? "" : group.grants.length}</span></h2>
        {changes && <Button small icon="plus" onPress={() => setPicking(true)}>Grant a profile</Button>}
      </header>
      {group.builtin ? <Note>It reaches every profile, and cannot be granted more or less.</Note> : (
        <DataTable
          label="Grants"
          rows={group.grants}
          columns={columns}
          rowKey={(grant) => grant.profile_id}
          {...(group.grants.length > 8 ? { search: (grant: Grant) => grant.profile, searchLabel: "Search profiles" } : {})}
          empty={<p class="quiet">No profile yet: its members can read nothing by it.</p>}
        />
      )}
      {picking && <PickProfileDialog group={group} onPick={(profile) => open(profile, undefined)} onClose={() => setPicking(false)} />}
      {opened !== undefined && <AccessDialog {...opened} onClose={() => setOpened(undefined)} />}
    </section>
  );
}

function PickProfileDialog({ group, onPick, onClose }: { group: GroupListed; onPick(profile: AccessOf["profile"]): void; onClose(): void }) {
  const profiles = useLoad(() => session.profiles());
  const others = profiles.data?.filter((profile) => !group.grants.some((grant) => grant.profile_id === profile.profile_id));
  return (
    <Dialog title={`Which profile for ${visible(group.name)}?`} onClose={onClose}>
      {others === undefined ? (profiles.error === undefined ? <Skeleton /> : <ErrorNote error={profiles.error} />) : (
        <DataTable
          label="Profiles"
          rows={others}
          columns={[{ key: "name", title: "Profile", cell: (profile) => <Name>{profile.name}</Name>, sort: (profile) => profile.name }]}
          rowKey={(profile) => profile.profile_id}
          onOpen={onPick}
          {...(others.length > 8 ? { search: (profile: { name: string }) => profile.name, searchLabel: "Search profiles" } : {})}
          empty={<p class="quiet">{profiles.data?.length === 0 ? <>There is no profile yet. Create one under <a href={href("profiles")} onClick={onClose}>Profiles</a>.</> : "It has every profile already."}</p>}
        />
      )}
    </Dialog>
  );
}
