import { useState } from "preact/hooks";
import type { ProfileListed } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { EmptyState } from "../components/EmptyState";
import { Note } from "../components/ErrorNote";
import { Loading } from "../components/Loading";
import { Menu } from "../components/Menu";
import { PageHeader } from "../components/PageHeader";
import { Tabs } from "../components/Tabs";
import { useLoad } from "../hooks";
import { Access } from "../profiles/access";
import { Deleted } from "../profiles/deleted";
import { deedItems, ProfileDialog, type ProfileDeed } from "../profiles/dialogs";
import { ExposedSecrets } from "../profiles/exposed";
import { History } from "../profiles/history";
import { useOpenProfile } from "../profiles/open";
import "../profiles/profiles.css";
import { ProfileState, RekeyNote } from "../profiles/rekey";
import { Replaced } from "../profiles/replaced";
import { Secrets } from "../profiles/secrets";
import { href, navigate, route, unsaved } from "../router";
import { me } from "../state";

type Tab = "secrets" | "history" | "deleted" | "access" | "exposed";

const TABS: { value: Tab; label: string }[] = [
  { value: "secrets", label: "Secrets" },
  { value: "history", label: "History" },
  { value: "deleted", label: "Deleted" },
  { value: "access", label: "Access" },
  { value: "exposed", label: "Exposed" },
];

const BACK = { href: href("profiles"), label: "Profiles" };

/** One profile: its secrets, its past, and who reaches it. */
export function ProfilePage({ id }: { id: string }) {
  const profiles = useLoad(() => session.profiles());
  const [doing, setDoing] = useState<ProfileDeed>();
  const profile = profiles.data?.find((candidate) => candidate.profile_id === id);
  const manages = me.value?.is_manager === true;
  return (
    <>
      <PageHeader
        title={profile === undefined ? "Profile" : visible(profile.name)}
        heading={profile === undefined ? undefined : <><Name>{profile.name}</Name><ProfileState profile={profile} /></>}
        back={BACK}
        actions={profile !== undefined && manages && !profile.replaced ? <Menu label={`Actions for ${visible(profile.name)}`} items={deedItems(setDoing)} /> : undefined}
      />
      <Loading of={profiles}>
        {() =>
          profile === undefined ? (
            <EmptyState icon="profile" title="There is no such profile" action={<a href={href("profiles")}>All profiles</a>}><p>It may have been deleted.</p></EmptyState>
          ) : profile.replaced ? <Replaced profile={profile} /> : (
            <Body profile={profile} doing={doing} onDone={() => setDoing(undefined)} />
          )
        }
      </Loading>
    </>
  );
}

function Body({ profile, doing, onDone }: { profile: ProfileListed; doing: ProfileDeed | undefined; onDone(): void }) {
  const [tab, setTab] = useState<Tab>(() => TABS.find(({ value }) => value === route.value[2])?.value ?? "secrets");
  const [wanted, setWanted] = useState<string>();
  const state = useOpenProfile(profile.profile_id);
  return (
    <>
      {profile.rekeying && <RekeyNote profile={profile} onFinished={() => void state.refresh()} />}
      <Tabs label="Parts of the profile" value={tab} onValue={setTab} tabs={TABS.map(({ value, label }) => ({ value, label: value === "secrets" && state.pending > 0 ? `${label} (${state.pending} not saved)` : label }))}>
        {tab === "secrets" && (profile.readable || state.opened !== undefined ? <Secrets profile={profile} state={state} wanted={wanted} onWantedSeen={() => setWanted(undefined)} /> : <Closed profile={profile} what="secrets" />)}
        {tab === "history" && (profile.history ? <History profile={profile} onWritten={state.refresh} /> : <Closed profile={profile} what="history" />)}
        {tab === "deleted" && (profile.history ? <Deleted profile={profile} onWritten={state.refresh} /> : <Closed profile={profile} what="history" />)}
        {tab === "access" && <Access profile={profile} />}
        {tab === "exposed" && (profile.readable ? (
          <ExposedSecrets
            profile={profile}
            onChange={(secretId) => {
              setWanted(secretId);
              setTab("secrets");
            }}
          />
        ) : <Closed profile={profile} what="secrets" />)}
      </Tabs>
      {doing !== undefined && (
        <ProfileDialog
          deed={doing}
          profile={profile}
          onClose={onDone}
          onDone={() => {
            if (doing === "delete") {
              unsaved.value = false;
              navigate("profiles");
            } else {
              void state.refresh();
            }
          }}
        />
      )}
    </>
  );
}

/** What stands in the place of what may not be read: why, and who can change that. */
function Closed({ profile, what }: { profile: ProfileListed; what: "secrets" | "history" }) {
  if (me.value?.role === "auditor") {
    return <Note>Auditors see the audit log, and who has access; secrets are closed to them. What was read of this profile is under <a href={href("audit")}>Audit</a>.</Note>;
  }
  if (what === "history" && profile.readable) {
    return <Note>None of your groups is granted the history of this profile: you see what it holds now, not what it held. An owner or admin can grant it under <a href={href("groups")}>Groups</a>.</Note>;
  }
  return <Note>None of your groups is granted this profile, so you have no key to it, and the server gives you nothing of it. Who has one stands under Access; an owner or admin can grant it to a group of yours.</Note>;
}
