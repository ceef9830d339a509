import { useState } from "preact/hooks";
import { session } from "../client";
import { Badge, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { Dialog } from "../components/Dialog";
import { EndAccessDialog } from "../components/EndAccess";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox } from "../components/Field";
import { useAction } from "../hooks";
import { toast } from "../state";

/** What a group is granted on a profile beside reading. */
export interface Granted {
  write: boolean;
  history: boolean;
}

/** A group and a profile, and what the one is granted on the other. */
export interface AccessOf {
  group: { group_id: string; name: string };
  profile: { profile_id: string; name: string };
  granted: Granted | undefined;
}

/** Access in words, for labels. */
export function accessWords(granted: Granted | undefined): string {
  return granted === undefined ? "no access" : ["read", granted.write && "write", granted.history && "history"].filter(Boolean).join(", ");
}

/** Access as badges. */
export function AccessBadges({ granted }: { granted: Granted }) {
  return (
    <span class="row">
      <Badge tone="good">Read</Badge>
      {granted.write && <Badge tone="accent" title="Editors of the group write new revisions">Write</Badge>}
      {granted.history && <Badge tone="accent" title="Its members open earlier values">History</Badge>}
    </span>
  );
}

/** Grants access, adds to it, or revokes it. */
export function AccessDialog({ group, profile, granted, onClose }: AccessOf & { onClose(): void }) {
  const [write, setWrite] = useState(granted?.write === true);
  const [history, setHistory] = useState(granted?.history === true);
  const [revoking, setRevoking] = useState(false);
  const [names] = useState({ group: visible(group.name), profile: visible(profile.name) });
  const grows = granted === undefined || (write && !granted.write) || (history && !granted.history);
  const save = useAction(async () => {
    if (granted === undefined && !write && !history) {
      await session.grant(group.group_id, profile.profile_id, "read");
    }
    if (write && granted?.write !== true) {
      await session.grant(group.group_id, profile.profile_id, "write");
    }
    if (history && granted?.history !== true) {
      await session.grant(group.group_id, profile.profile_id, "history");
    }
    toast(`Granted to ${names.group}`);
    onClose();
  });
  if (revoking) {
    return (
      <EndAccessDialog
        key="revoke"
        title={`Revoke ${names.profile} from ${names.group}?`}
        confirm="Revoke access"
        who={group.name}
        run={(progress) => session.revoke(group.group_id, profile.profile_id, progress)}
        onClose={(done) => (done ? onClose() : setRevoking(false))}
      >
        <p>Members who reach the profile by this group alone are refused from now on. The profile is encrypted anew, and you are told what they had read.</p>
      </EndAccessDialog>
    );
  }
  return (
    <Dialog
      key="access"
      title={`${names.group} on ${names.profile}`}
      onClose={onClose}
      onSubmit={() => void (grows && save.run())}
      mustStay={save.busy}
      footer={
        <>
          {granted !== undefined && <Button kind="danger" disabled={save.busy} onPress={() => setRevoking(true)}>Revoke access</Button>}
          <Button onPress={onClose} disabled={save.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={save.busy} disabled={!grows} autoFocus>{granted === undefined ? "Grant access" : "Save"}</Button>
        </>
      }
    >
      <Checkbox label="Read" hint="Its agents and people read the newest values." checked disabled onChecked={() => undefined} />
      <Checkbox label="Write" hint="Its editors write new revisions. Agents never write." checked={write} disabled={granted?.write === true} onChecked={setWrite} />
      <Checkbox label="History" hint="Its members open earlier values too. Without it, no key for them ever reaches a member." checked={history} disabled={granted?.history === true} onChecked={setHistory} />
      {granted !== undefined && (granted.write || granted.history) && <Note>Granted parts are taken away together: revoke the access, then grant again what shall stay.</Note>}
      <ErrorNote error={save.error} />
    </Dialog>
  );
}
