import { useState } from "preact/hooks";
import type { NewOwner } from "../api";
import { accounts } from "../client";
import { Button } from "../components/Button";
import { EntryFrame } from "../components/EntryFrame";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { NewPassword, NOTHING_TYPED, passwordProblem } from "../components/NewPassword";
import { RecoverySheet } from "../components/RecoverySheet";
import { useAction } from "../hooks";
import { enter } from "../lock";
import { href, navigate } from "../router";
import { keepOrganization } from "../storage";

/** Sets an organization up with the server's setup code; then the kit and the key are shown, and the first owner is in. */
export function SignUpPage() {
  const [form, setForm] = useState({ name: "", email: "", setup_code: "", remember: true });
  const [password, setPassword] = useState(NOTHING_TYPED);
  const [problems, setProblems] = useState<Problems>({});
  const [made, setMade] = useState<NewOwner>();
  const create = useAction(async () => {
    const { name, email, setup_code, remember } = form;
    const owner = await accounts.createOrganization({ name: name.trim(), email: email.trim(), password: password.first, setup_code: setup_code.trim() });
    if (remember) {
      await keepOrganization(owner.org_id, { email: email.trim(), account_key: owner.account_key });
    }
    setPassword(NOTHING_TYPED);
    setForm({ ...form, setup_code: "" });
    setMade(owner);
  });
  if (made !== undefined) {
    return (
      <EntryFrame title="Keep these two" about={`${form.name.trim()} is set up, and you are its owner.`}>
        <RecoverySheet
          made={made}
          owner={{ email: form.email.trim(), organization: form.name.trim() }}
          goOn="Go on to the agents"
          onDone={async () => {
            await enter();
            navigate("agents");
          }}
        />
      </EntryFrame>
    );
  }
  const submit = (): void => {
    const found: Problems = {
      name: form.name.trim() === "" ? "Give the organization a name." : undefined,
      email: form.email.includes("@") ? undefined : "Type your e-mail address.",
      password: passwordProblem(password),
      setup_code: form.setup_code.trim() === "" ? "Type the setup code." : undefined,
    };
    setProblems(found);
    if (Object.values(found).every((problem) => problem === undefined)) {
      void create.run();
    }
  };
  return (
    <EntryFrame
      title="Set up an organization"
      about="The server's operator has a one-time setup code for this."
      links={[{ href: href("sign-in"), label: "Sign in to an organization" }, { href: href("accept"), label: "Accept an invitation" }]}
    >
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label="Organization" autoFocus value={form.name} onValue={(name) => setForm({ ...form, name })} error={problems.name} autoComplete="organization" maxLength={128} />
        <Field label="Your e-mail address" type="email" value={form.email} onValue={(email) => setForm({ ...form, email })} error={problems.email} autoComplete="username" hint="What you sign in with. Others in the organization see it." />
        <NewPassword value={password} onValue={setPassword} error={problems.password} />
        <Field label="Setup code" code value={form.setup_code} onValue={(setup_code) => setForm({ ...form, setup_code })} error={problems.setup_code} hint={<>The server printed it at its first start, and wrote it to <code>setup-code</code> in its data folder. <code>stronghold-server setup-code</code> makes another.</>} />
        <Checkbox label="Remember the account key on this device" hint="Then only the password is asked here. Leave it off on a machine that others use." checked={form.remember} onChecked={(remember) => setForm({ ...form, remember })} />
        <ErrorNote error={create.error} />
        {create.busy && <Note>Making keys takes a few seconds: a password is made slow to guess on purpose.</Note>}
        <Button type="submit" kind="primary" busy={create.busy}>Set up</Button>
      </form>
    </EntryFrame>
  );
}

interface Problems {
  name?: string | undefined;
  email?: string | undefined;
  password?: string | undefined;
  setup_code?: string | undefined;
}
