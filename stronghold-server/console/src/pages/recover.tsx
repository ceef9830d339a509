import { useState } from "preact/hooks";
import { accounts, session } from "../client";
import { Button } from "../components/Button";
import { EntryFrame } from "../components/EntryFrame";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { NewPassword, NOTHING_TYPED, passwordProblem } from "../components/NewPassword";
import { SecretOnce } from "../components/SecretOnce";
import { useAction } from "../hooks";
import { enter } from "../lock";
import { href, navigate } from "../router";
import { keepOrganization } from "../storage";

/** A forgotten password: the recovery kit sets a new one. A new account key is made too, and shown once; the person is in afterwards. */
export function RecoverPage() {
  const [kit, setKit] = useState("");
  const [password, setPassword] = useState(NOTHING_TYPED);
  const [remember, setRemember] = useState(true);
  const [problems, setProblems] = useState<{ kit?: string | undefined; password?: string | undefined }>({});
  const [accountKey, setAccountKey] = useState<string>();
  const recover = useAction(async () => {
    const { account_key } = await accounts.recover({ recovery_kit: kit.trim(), password: password.first });
    if (remember) {
      const { org_id, email } = await session.me();
      await keepOrganization(org_id, { email, account_key });
    }
    setKit("");
    setPassword(NOTHING_TYPED);
    setAccountKey(account_key);
  });
  if (accountKey !== undefined) {
    return (
      <EntryFrame title="Your new account key" about="The old account key and the old password open nothing any more. Your recovery kit is still good.">
        <SecretOnce
          what="Account key"
          text={accountKey}
          advice="It is shown this once. It is needed with the new password on every new device; write it onto the sheet with your recovery kit."
          onKept={async () => {
            await enter();
            navigate("agents");
          }}
        />
      </EntryFrame>
    );
  }
  const submit = (): void => {
    const found = { kit: kit.trim() === "" ? "Type, paste or scan your recovery kit." : undefined, password: passwordProblem(password) };
    setProblems(found);
    if (found.kit === undefined && found.password === undefined) {
      void recover.run();
    }
  };
  return (
    <EntryFrame title="Forgotten password" about="With your recovery kit you set a new password. Nobody else can do it for you." links={[{ href: href("sign-in"), label: "Sign in" }]}>
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label="Recovery kit" code rows={4} autoFocus value={kit} onValue={setKit} error={problems.kit} placeholder="stronghold_recovery_…" hint="Typing errors are found. Spaces and line breaks at its ends do not matter." />
        <NewPassword label="New password" value={password} onValue={setPassword} error={problems.password} />
        <Checkbox label="Remember the account key on this device" hint="Then only the password is asked here. Leave it off on a machine that others use." checked={remember} onChecked={setRemember} />
        <ErrorNote error={recover.error} />
        {recover.error !== undefined && recover.error.kind === "refused" && <Note>Without password and kit, another owner or admin removes you and invites you again.</Note>}
        <Button type="submit" kind="primary" busy={recover.busy}>Set the new password</Button>
      </form>
    </EntryFrame>
  );
}
