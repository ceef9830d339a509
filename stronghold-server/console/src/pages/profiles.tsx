import { useState } from "preact/hooks";
import type { ProfileListed, RekeyProgress } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { DataTable, type Column } from "../components/DataTable";
import { EmptyState } from "../components/EmptyState";
import { Loading } from "../components/Loading";
import { Menu } from "../components/Menu";
import { PageHeader } from "../components/PageHeader";
import { useAction, useLoad, useShortcut } from "../hooks";
import { finishRekey } from "../profiles/calls";
import { CreateProfileDialog, deedItems, ProfileDialog, type ProfileDeed } from "../profiles/dialogs";
import { ProfileState } from "../profiles/rekey";
import { href } from "../router";
import { me, toast } from "../state";
import { counted } from "../words";

const COLUMNS: Column<ProfileListed>[] = [
  { key: "name", title: "Name", cell: (profile) => <Name>{profile.name}</Name>, sort: (profile) => profile.name },
  {
    key: "revision",
    title: "Revision",
    width: "120px",
    minor: true,
    align: "end",
    cell: (profile) => (profile.revision === undefined ? <span class="quiet" title="Only who may read a profile sees its revision">hidden</span> : <span class="numbers">{profile.revision}</span>),
    sort: (profile) => profile.revision,
  },
  { key: "groups", title: "Groups", minor: true, cell: (profile) => <GroupNames profile={profile} />, sort: (profile) => profile.groups.map((group) => group.name).join(" ") || undefined },
  { key: "state", title: "State", width: "230px", cell: (profile) => <State profile={profile} />, sort: (profile) => (profile.rekeying ? 0 : !profile.readable ? 3 : profile.writable ? 1 : 2) },
];

/** The profiles: what there is, who reaches it through which groups, and what is the matter with it. */
export function ProfilesPage() {
  const [creating, setCreating] = useState(false);
  const [doing, setDoing] = useState<{ deed: ProfileDeed; profile: ProfileListed }>();
  const profiles = useLoad(() => session.profiles());
  const manages = me.value?.is_manager === true;
  useShortcut("n", "Create profile", () => setCreating(true), manages);
  const create = manages ? <Button kind="primary" icon="plus" onPress={() => setCreating(true)}>Create profile</Button> : undefined;
  const nothingYet = profiles.data?.length === 0;
  const columns: Column<ProfileListed>[] = manages
    ? [...COLUMNS, { key: "deeds", title: "Actions", hideTitle: true, width: "52px", align: "end", cell: (profile) => <Menu label={`Actions for ${visible(profile.name)}`} items={deedItems((deed) => setDoing({ deed, profile }))} /> }]
    : COLUMNS;
  return (
    <>
      <PageHeader title="Profiles" about="A profile is a set of secrets that is read together, like production. Groups are granted profiles; agents and people read them through their groups." actions={nothingYet ? undefined : create} />
      <Loading of={profiles} lines={6}>
        {(rows) => (
          <DataTable
            label="Profiles"
            rows={rows}
            columns={columns}
            rowKey={(profile) => profile.profile_id}
            href={(profile) => href("profiles", profile.profile_id)}
            search={(profile) => `${profile.name} ${profile.groups.map((group) => group.name).join(" ")}`}
            searchLabel="Search profiles and groups"
            empty={
              <EmptyState icon="profile" title="No profile yet" action={create}>
                <p>A profile holds the secrets of one environment or service: database addresses, API keys, certificates. Create one, drop a dotenv file on it, and grant it to the groups of the agents that shall read it.</p>
                {!manages && <p>Owners and admins create profiles.</p>}
              </EmptyState>
            }
          />
        )}
      </Loading>
      {creating && <CreateProfileDialog onClose={() => setCreating(false)} />}
      {doing !== undefined && <ProfileDialog key={doing.deed} deed={doing.deed} profile={doing.profile} onClose={() => setDoing(undefined)} />}
    </>
  );
}

function State({ profile }: { profile: ProfileListed }) {
  const [progress, setProgress] = useState<RekeyProgress>();
  const finish = useAction(async () => {
    try {
      toast((await finishRekey(profile.profile_id, setProgress)) ? `${visible(profile.name)} is encrypted anew.` : "Somebody else had finished it already.");
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  });
  return (
    <>
      <ProfileState profile={profile} />
      {profile.rekeying && profile.writable && <Button small busy={finish.busy} onPress={finish.run}>Finish</Button>}
      {finish.busy && progress !== undefined && <> <span class="quiet numbers" role="status">{progress.done} of {progress.total}</span></>}
    </>
  );
}

function GroupNames({ profile }: { profile: ProfileListed }) {
  const [first, second, ...others] = profile.groups;
  if (first === undefined) {
    return <span class="quiet">none</span>;
  }
  return (
    <>
      <Name>{first.name}</Name>
      {second !== undefined && <>, <Name>{second.name}</Name></>}
      {others.length > 0 && <span class="quiet"> and {counted(others.length, "other")}</span>}
    </>
  );
}
