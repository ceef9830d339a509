/** Creating, renaming, deleting a profile, and giving it a new key. */
import { useState } from "preact/hooks";
import type { ProfileListed, RekeyProgress } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { ConfirmDialog, Dialog } from "../components/Dialog";
import { ErrorNote } from "../components/ErrorNote";
import { Field } from "../components/Field";
import type { MenuItem } from "../components/Menu";
import { Progress } from "../components/Progress";
import { useAction } from "../hooks";
import { navigate } from "../router";
import { toast } from "../state";

/** What can be done to a whole profile. */
export type ProfileDeed = "rename" | "rotate" | "delete";

/** The same deeds as entries of a menu. */
export function deedItems(act: (deed: ProfileDeed) => void): (MenuItem | "line")[] {
  return [
    { label: "Rename", icon: "edit", act: () => act("rename") },
    { label: "Rotate key", icon: "key", act: () => act("rotate") },
    "line",
    { label: "Delete profile", icon: "trash", danger: true, act: () => act("delete") },
  ];
}

/** Creates an empty profile and goes to it. */
export function CreateProfileDialog({ onClose }: { onClose(): void }) {
  return (
    <NameDialog
      title="Create profile"
      confirm="Create"
      before=""
      onClose={onClose}
      hint="An environment or a service: what reads its secrets together. Groups are granted profiles as a whole."
      onName={async (name) => {
        const { profile_id } = await session.createProfile(name);
        onClose();
        navigate("profiles", profile_id);
      }}
    />
  );
}

/** Asks for what one of the deeds needs, and does it. `onDone` is called only when it was done. */
export function ProfileDialog({ deed, profile, onClose, onDone }: { deed: ProfileDeed; profile: ProfileListed; onClose(): void; onDone?: () => void }) {
  const done = (said: string): void => {
    toast(said);
    onClose();
    onDone?.();
  };
  switch (deed) {
    case "rename":
      return (
        <NameDialog
          title={`Rename ${visible(profile.name)}`}
          confirm="Rename"
          before={profile.name}
          onClose={onClose}
          hint="Programs and references that name it by its old name no longer find it; those that name it by its id do."
          onName={async (name) => {
            await session.renameProfile(profile.profile_id, name);
            done("Profile renamed.");
          }}
        />
      );
    case "rotate":
      return <RotateDialog profile={profile} onClose={onClose} onDone={() => done(`${visible(profile.name)} has a new key.`)} />;
    case "delete":
      return (
        <ConfirmDialog
          title={`Delete ${visible(profile.name)}?`}
          confirm="Delete profile"
          typed={profile.name}
          onClose={onClose}
          onConfirm={async () => {
            await session.deleteProfile(profile.profile_id);
            done("Profile deleted.");
          }}
        >
          <p>All its secrets go, with their history, for everybody. <strong>This cannot be undone.</strong></p>
          {profile.groups.length > 0 && <p>Agents and people of {profile.groups.map((group, index) => <>{index > 0 && ", "}<Name>{group.name}</Name></>)} lose it at once.</p>}
        </ConfirmDialog>
      );
  }
}

function NameDialog({ title, confirm, before, hint, onName, onClose }: {
  title: string;
  confirm: string;
  before: string;
  hint: string;
  onName(name: string): Promise<void>;
  onClose(): void;
}) {
  const [name, setName] = useState(before);
  const [problem, setProblem] = useState<string>();
  const action = useAction(onName);
  const submit = (): void => {
    const wanted = name.trim();
    setProblem(wanted === "" ? "Give it a name." : undefined);
    if (wanted !== "" && wanted === before) {
      onClose();
    } else if (wanted !== "") {
      void action.run(wanted);
    }
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={submit}
      mustStay={action.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={action.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={action.busy}>{confirm}</Button>
        </>
      }
    >
      <Field label="Name" value={name} onValue={setName} error={problem} maxLength={128} placeholder="production" hint={hint} autoFocus />
      <ErrorNote error={action.error} />
    </Dialog>
  );
}

function RotateDialog({ profile, onClose, onDone }: { profile: ProfileListed; onClose(): void; onDone(): void }) {
  const [progress, setProgress] = useState<RekeyProgress>();
  const [running, setRunning] = useState(false);
  return (
    <ConfirmDialog
      title={`Rotate the key of ${visible(profile.name)}?`}
      confirm="Rotate key"
      danger={false}
      onClose={onClose}
      onConfirm={async () => {
        setRunning(true);
        try {
          await session.rotateProfile(profile.profile_id, setProgress);
          onDone();
        } finally {
          setRunning(false);
        }
      }}
    >
      <p>The profile gets a new master key, and every secret is encrypted anew under it. Values, names and versions stay as they are, and whoever may read goes on reading without a change.</p>
      <p>Whoever had the old key alone opens nothing that is written from now on. Values that they knew they still know: those only their issuers can replace. When somebody loses access, keys are rotated without being asked.</p>
      {running && <Progress progress={progress} label="Encrypting anew" />}
    </ConfirmDialog>
  );
}
