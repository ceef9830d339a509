import { useState } from "preact/hooks";
import type { NewMember } from "../api";
import { accounts } from "../client";
import { Button } from "../components/Button";
import { EntryFrame } from "../components/EntryFrame";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { NewPassword, NOTHING_TYPED, passwordProblem } from "../components/NewPassword";
import { RecoverySheet } from "../components/RecoverySheet";
import { useAction } from "../hooks";
import "../people/people.css";
import { href } from "../router";
import { keepOrganization } from "../storage";

const LINKS = [{ href: href("sign-in"), label: "Sign in" }, { href: href("sign-up"), label: "Set up an organization" }];

/** Accepts an invitation: the person chooses a password and keeps kit and key; an owner or admin then confirms. */
export function AcceptPage() {
  const [form, setForm] = useState({ code: "", email: "", remember: true });
  const [password, setPassword] = useState(NOTHING_TYPED);
  const [problems, setProblems] = useState<{ code?: string | undefined; email?: string | undefined; password?: string | undefined }>({});
  const [made, setMade] = useState<NewMember>();
  const [kept, setKept] = useState<string>();
  const accept = useAction(async () => {
    const member = await accounts.acceptInvite({ code: form.code.trim(), email: form.email.trim(), password: password.first });
    if (form.remember) {
      await keepOrganization(member.org_id, { email: form.email.trim(), account_key: member.account_key });
    }
    setPassword(NOTHING_TYPED);
    setForm({ ...form, code: "" });
    setMade(member);
  });
  if (kept !== undefined) {
    return (
      <EntryFrame title="Nearly there" links={[{ href: href("sign-in"), label: "Sign in" }]}>
        <Note tone="good">Your keys are made, and the server has the public ones.</Note>
        <p>An owner or admin confirms you now. Tell whoever invited you the fingerprint of your keys, in person or by another way that only you have:</p>
        <p><code class="new-keys">{kept}</code></p>
        <p>After that you can sign in with your password{form.remember ? "" : ", your e-mail address and your account key"}.</p>
      </EntryFrame>
    );
  }
  if (made !== undefined) {
    return (
      <EntryFrame title="Keep these two">
        <RecoverySheet
          made={made}
          owner={{ email: form.email.trim() }}
          goOn="I have them: go on"
          onDone={() => {
            setMade(undefined);
            setKept(made.fingerprint);
          }}
        />
      </EntryFrame>
    );
  }
  const submit = (): void => {
    const found = {
      code: form.code.trim() === "" ? "Paste the code that you were given." : undefined,
      email: form.email.includes("@") ? undefined : "Type the e-mail address that was invited.",
      password: passwordProblem(password),
    };
    setProblems(found);
    if (Object.values(found).every((problem) => problem === undefined)) {
      void accept.run();
    }
  };
  return (
    <EntryFrame title="Accept an invitation" about="Somebody gave you a code. It works once, and only for the e-mail address that was invited." links={LINKS}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label="Invitation code" code rows={3} autoFocus value={form.code} onValue={(code) => setForm({ ...form, code })} error={problems.code} placeholder="stronghold_invite_…" />
        <Field label="Your e-mail address" type="email" value={form.email} onValue={(email) => setForm({ ...form, email })} error={problems.email} autoComplete="username" />
        <NewPassword value={password} onValue={setPassword} error={problems.password} />
        <Checkbox label="Remember the account key on this device" hint="Then only the password is asked here. Leave it off on a machine that others use." checked={form.remember} onChecked={(remember) => setForm({ ...form, remember })} />
        <ErrorNote error={accept.error} />
        <Button type="submit" kind="primary" busy={accept.busy}>Accept</Button>
      </form>
    </EntryFrame>
  );
}
