import { useState } from "preact/hooks";
import type { StrongholdError } from "../api";
import { accounts, type Me } from "../client";
import { Button } from "../components/Button";
import { ErrorNote, Note, sentence } from "../components/ErrorNote";
import { Checkbox, Field } from "../components/Field";
import { NewPassword, NOTHING_TYPED, passwordProblem } from "../components/NewPassword";
import { SecretOnce } from "../components/SecretOnce";
import { Skeleton } from "../components/Spinner";
import { useAction, useUnsaved } from "../hooks";
import { toast } from "../state";
import { keepOrganization } from "../storage";
import { useStored } from "./forget";

/** Changes the password, with a new account key where that is wanted; the key is shown this once. */
export function ChangePassword({ who }: { who: Me }) {
  const read = useStored(who.org_id);
  const [newKey, setNewKey] = useState<string>();
  useUnsaved(newKey !== undefined);
  return (
    <section class="card" aria-labelledby="password">
      <header><h2 id="password">Password</h2></header>
      {newKey !== undefined ? (
        <SecretOnce
          what="Account key"
          text={newKey}
          advice="The old one opens nothing any more. This one is shown this once; it is needed with the new password on every new device. Write it onto the sheet with your recovery kit, which is still good."
          onKept={() => setNewKey(undefined)}
        />
      ) : read === undefined ? <Skeleton /> : <PasswordForm who={who} kept={read.stored?.account_key} onNewKey={setNewKey} />}
    </section>
  );
}

interface Problems {
  old?: string | undefined;
  key?: string | undefined;
  password?: string | undefined;
}

function PasswordForm({ who, kept, onNewKey }: { who: Me; kept: string | undefined; onNewKey(key: string): void }) {
  const [old, setOld] = useState("");
  const [typedKey, setTypedKey] = useState("");
  const [password, setPassword] = useState(NOTHING_TYPED);
  const [withNewKey, setWithNewKey] = useState(false);
  const [problems, setProblems] = useState<Problems>({});
  const [round, setRound] = useState(0);
  const change = useAction(async () => {
    const credentials = { account_key: kept ?? typedKey.trim(), email: who.email, password: old };
    try {
      const { account_key } = await accounts.changePassword({ ...credentials, new_password: password.first, new_account_key: withNewKey });
      if (account_key !== undefined && kept !== undefined) {
        await keepOrganization(who.org_id, { account_key });
      }
      setOld("");
      setTypedKey("");
      setPassword(NOTHING_TYPED);
      setWithNewKey(false);
      // The fields begin anew: what was typed does not stay behind a button that shows it.
      setRound(round + 1);
      toast("The password is changed");
      if (account_key !== undefined) {
        onNewKey(account_key);
      }
    } catch (error) {
      throw plainer(error as StrongholdError, kept !== undefined);
    }
  });
  const submit = async (): Promise<void> => {
    const found: Problems = {
      old: old === "" ? "Type your present password." : undefined,
      key: kept === undefined ? await keyProblem(typedKey.trim(), who) : undefined,
      password: passwordProblem(password) ?? (password.first === old ? "This is the present password." : undefined),
    };
    setProblems(found);
    if (Object.values(found).every((problem) => problem === undefined)) {
      await change.run();
    }
  };
  return (
    <form
      key={round}
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <input type="hidden" name="username" autocomplete="username" value={who.email} />
      <Field label="Present password" type="password" autoComplete="current-password" value={old} onValue={setOld} error={problems.old} />
      {kept === undefined && <Field label="Account key" code value={typedKey} onValue={setTypedKey} error={problems.key} placeholder="stronghold_account_…" hint="This device does not keep it." />}
      <NewPassword label="New password" value={password} onValue={setPassword} error={problems.password} />
      <Checkbox label="Make a new account key too" hint="If somebody may have seen the account key, or a device that keeps it is lost. Other devices then ask for the new one." checked={withNewKey} onChecked={setWithNewKey} />
      <ErrorNote error={change.error} />
      {change.busy && <Note>This takes a few seconds: a password is made slow to guess on purpose.</Note>}
      <div><Button type="submit" kind="primary" busy={change.busy}>Change password</Button></div>
    </form>
  );
}

/** What is wrong with a typed account key; nothing where it is the person's own. */
async function keyProblem(key: string, who: Me): Promise<string | undefined> {
  if (key === "") {
    return "Type or paste your account key.";
  }
  try {
    const { org_id, user_id } = await accounts.checkAccountKey(key);
    return org_id === who.org_id && user_id === who.user_id ? undefined : "This is the account key of somebody else.";
  } catch (error) {
    return sentence((error as StrongholdError).message);
  }
}

/** The server cannot tell which of the two was wrong, and must not. */
function plainer(error: StrongholdError, kept: boolean): StrongholdError {
  if (error.code !== "login_refused") {
    return error;
  }
  const message = kept ? "The present password is wrong, or the account key that this device keeps is no longer good." : "The present password or the account key is wrong.";
  return Object.assign(new Error(message), { name: "StrongholdError" as const, kind: error.kind, code: error.code, conflict: false });
}
