import { useState } from "preact/hooks";
import type { Role } from "../api";
import { session } from "../client";
import { Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { Dialog } from "../components/Dialog";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { Loading } from "../components/Loading";
import { SecretOnce } from "../components/SecretOnce";
import { Time } from "../components/Time";
import { useAction, useLoad } from "../hooks";
import { server } from "../server";
import { counted } from "../words";
import { RoleChoice } from "./role-choice";
import { roleLabel } from "./roles";

/** An invitation that was just made, with the code that is shown once. */
export interface Invited {
  email: string;
  role: Role;
  code: string;
  expires_at: string;
}

const DAY = 86_400_000;
const EXPIRIES = [
  { value: "1", label: "1 day" },
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "date", label: "A date" },
];

/** Invites somebody: address, role, groups, and until when. Gives the code. */
export function InviteDialog({ onInvited, onClose }: { onInvited(invited: Invited): void; onClose(): void }) {
  const groups = useLoad(() => session.groups());
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [chosen, setChosen] = useState<string[]>([]);
  const [expiry, setExpiry] = useState("7");
  const [date, setDate] = useState("");
  const [problems, setProblems] = useState<{ email?: string | undefined; date?: string | undefined }>({});
  const invite = useAction(async (expires_at: string) => {
    // An auditor is in no group, and has no key that a group could be sealed to.
    const group_ids = role === "auditor" ? [] : chosen;
    const invited = await session.inviteUser({ email: email.trim(), role, group_ids, expires_at });
    // What is shown is what was signed, not what was typed.
    onInvited(invited);
  });
  const submit = (): void => {
    const until = expiry === "date" ? Date.parse(date) : Date.now() + Number(expiry) * DAY;
    const found = {
      email: /^\S+@\S+$/.test(email.trim()) ? undefined : "Type the e-mail address of whom you invite.",
      date: Number.isNaN(until) ? "Choose a day and time." : until <= Date.now() ? "That time is over already." : undefined,
    };
    setProblems(found);
    if (found.email === undefined && found.date === undefined) {
      void invite.run(new Date(until).toISOString());
    }
  };
  return (
    <Dialog
      title="Invite somebody"
      onClose={onClose}
      onSubmit={submit}
      mustStay={invite.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={invite.busy}>Cancel</Button>
          <Button type="submit" kind="primary" busy={invite.busy}>Invite</Button>
        </>
      }
    >
      <Field label="E-mail address" type="email" autoFocus value={email} onValue={setEmail} error={problems.email} hint="What they sign in with. The server sends no mail: you give them a code." />
      <RoleChoice value={role} onValue={setRole} />
      {role !== "auditor" && (
        <Loading of={groups} lines={2}>
          {(all) => <Groups groups={all.filter((group) => !group.builtin).map((group) => ({ ...group, about: group.grants.length === 0 ? "grants no profile yet" : `grants ${counted(group.grants.length, "profile")}` }))} chosen={chosen} onChosen={setChosen} role={role} />}
        </Loading>
      )}
      <fieldset>
        <legend>The code is good for</legend>
        <div class="choices">
          {EXPIRIES.map(({ value, label }) => (
            <label key={value}>
              <input type="radio" name="invitation-expiry" checked={expiry === value} onChange={() => setExpiry(value)} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      {expiry === "date" && <Field label="Until" type="datetime-local" value={date} onValue={setDate} error={problems.date} hint="In your time zone." />}
      <ErrorNote error={invite.error} />
    </Dialog>
  );
}

function Groups({ groups, chosen, onChosen, role }: { groups: { group_id: string; name: string; about: string }[]; chosen: string[]; onChosen(chosen: string[]): void; role: Role }) {
  return (
    <fieldset>
      <legend>Groups</legend>
      {role !== "editor" && <p class="hint">Owners and admins reach every profile without a group.</p>}
      {groups.length === 0 && <p class="hint">There is no group yet. They can join one later.</p>}
      <div class="group-choice">
        {groups.map((group) => (
          <Checkbox key={group.group_id} label={<Name>{group.name}</Name>} hint={group.about} checked={chosen.includes(group.group_id)} onChecked={(on) => onChosen(on ? [...chosen, group.group_id] : chosen.filter((id) => id !== group.group_id))} />
        ))}
      </div>
    </fieldset>
  );
}

/** Shows the code of an invitation this once, and what to do with it. */
export function InviteCodeDialog({ invited, onKept }: { invited: Invited; onKept(): void }) {
  const [kept, setKept] = useState(false);
  return (
    <Dialog
      title={`Invitation of ${visible(invited.email)}`}
      wide
      mustStay
      onClose={onKept}
      footer={
        <div class="token-footer">
          <Checkbox label="I have passed the code on, or kept it for that" checked={kept} onChecked={setKept} />
          <Button kind="primary" disabled={!kept} onPress={onKept}>Done</Button>
        </div>
      }
    >
      <SecretOnce text={invited.code} what="Invitation code" advice="It is shown this once, and nobody can show it again: not even the server has it. Whoever uses it first is whom you confirm." />
      <ol class="steps">
        <li>Give <Name>{invited.email}</Name> the code in person, or in a message that only they read.</li>
        <li>
          They open this page, and type the code and their address:
          <CopyField text={`${server}/#/accept`} what="link" />
        </li>
        <li>They tell you the fingerprint of their keys. Compare it when you confirm them here under People. Only then do they join as {roleLabel(invited.role).toLowerCase()}.</li>
      </ol>
      <Note>The code is good until it is used, and ends <Time at={invited.expires_at} />. The link holds no code: keep the two apart.</Note>
    </Dialog>
  );
}
