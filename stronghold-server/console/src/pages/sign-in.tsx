import { useEffect, useState } from "preact/hooks";
import type { StrongholdError } from "../api";
import { accounts } from "../client";
import { visible } from "../components/Badge";
import { Button } from "../components/Button";
import { EntryFrame } from "../components/EntryFrame";
import { ErrorNote, Note, sentence } from "../components/ErrorNote";
import { Checkbox, Field, Select } from "../components/Field";
import { Skeleton } from "../components/Spinner";
import { useAction } from "../hooks";
import { enter } from "../lock";
import { ForgetDeviceDialog } from "../organization/forget";
import { href } from "../router";
import { lockReason } from "../state";
import { keepOrganization, storedOrganizations, type StoredOrganization } from "../storage";

const LINKS = [
  { href: href("recover"), label: "Forgotten password" },
  { href: href("accept"), label: "Accept an invitation" },
  { href: href("sign-up"), label: "Set up an organization" },
];

/** Signs in: with the password alone where this device remembers the account key. Afterwards the page that was asked for is shown. */
export function SignInPage() {
  const [known, setKnown] = useState<StoredOrganization[]>();
  const reason = lockReason.value;
  useEffect(() => {
    void storedOrganizations().then((all) => setKnown(all.filter((stored) => stored.account_key !== undefined && stored.email !== undefined)));
  }, [reason]);
  return (
    <EntryFrame title="Sign in" links={LINKS}>
      {reason !== undefined && <Note tone={reason.alarming ? "bad" : "plain"}>{reason.text}</Note>}
      {known === undefined ? <Skeleton /> : <SignInForm key={known.length} known={known} />}
    </EntryFrame>
  );
}

const OTHER = "other";

function SignInForm({ known }: { known: StoredOrganization[] }) {
  const [chosen, setChosen] = useState(known[0]?.org_id ?? OTHER);
  const [email, setEmail] = useState("");
  const [accountKey, setAccountKey] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(true);
  const [keyProblem, setKeyProblem] = useState<string>();
  const stored = known.find((organization) => organization.org_id === chosen);

  const signIn = useAction(async () => {
    const credentials = { email: stored?.email ?? email.trim(), account_key: stored?.account_key ?? accountKey.trim(), password };
    try {
      const who = await accounts.signIn(credentials);
      if (stored === undefined) {
        await keepOrganization(who.org_id, remember ? { email: credentials.email, account_key: credentials.account_key } : { email: undefined, account_key: undefined });
      }
      setPassword("");
      await enter(who);
    } catch (error) {
      throw plainer(error as StrongholdError, stored !== undefined);
    }
  });
  const checkKey = async (): Promise<boolean> => {
    if (stored !== undefined) {
      return true;
    }
    const problem = accountKey.trim() === "" ? "Type or paste your account key." : await accounts.checkAccountKey(accountKey.trim()).then(() => undefined, (error: StrongholdError) => sentence(error.message));
    setKeyProblem(problem);
    return problem === undefined;
  };

  return (
    <>
      <form
        class="stack"
        noValidate
        onSubmit={async (event) => {
          event.preventDefault();
          if (await checkKey()) {
            await signIn.run();
          }
        }}
      >
        {known.length > 0 && (
          <Select
            label="Account on this device"
            value={chosen}
            onValue={setChosen}
            options={[...known.map((organization) => ({ value: organization.org_id, label: `${visible(organization.email ?? "")} (${organization.org_id.slice(0, 8)})` })), { value: OTHER, label: "Another account" }]}
          />
        )}
        {stored === undefined && (
          <>
            <Field label="E-mail address" type="email" name="username" autoComplete="username" autoFocus value={email} onValue={setEmail} />
            <Field label="Account key" code value={accountKey} onValue={setAccountKey} error={keyProblem} placeholder="stronghold_account_…" hint="You got it when you joined. It is on the sheet with your recovery kit." />
          </>
        )}
        <Field label="Password" type="password" name="password" autoComplete="current-password" autoFocus={stored !== undefined} value={password} onValue={setPassword} />
        {stored === undefined ? (
          <Checkbox label="Remember the account key on this device" hint="Then only the password is asked here. Leave it off on a machine that others use." checked={remember} onChecked={setRemember} />
        ) : null}
        <ErrorNote error={signIn.error} />
        <Button type="submit" kind="primary" busy={signIn.busy}>Sign in</Button>
        {stored !== undefined && <Forget stored={stored} />}
      </form>
      {lockReason.value?.alarming === true && <Restored orgId={async () => stored?.org_id ?? (await accounts.checkAccountKey(accountKey.trim())).org_id} />}
    </>
  );
}

/** Forgets the account key on this device. What was verified is remembered on: it is no secret, and protects the next person who signs in here. */
function Forget({ stored }: { stored: StoredOrganization }) {
  return (
    <Button
      kind="quiet"
      small
      onPress={async () => {
        await keepOrganization(stored.org_id, { account_key: undefined, email: undefined });
        location.reload();
      }}
    >
      Forget this account on this device
    </Button>
  );
}

/** The way on after a server was restored from a backup: what this device remembers is newer than what the server has, and must be given up knowingly. */
function Restored({ orgId }: { orgId(): Promise<string> }) {
  const [forgetting, setForgetting] = useState<string>();
  const ask = useAction(async () => setForgetting(await orgId()));
  return (
    <>
      <Button kind="quiet" small busy={ask.busy} onPress={ask.run}>The server was restored from a backup</Button>
      <ErrorNote error={ask.error} />
      {forgetting !== undefined && <ForgetDeviceDialog orgId={forgetting} onClose={() => setForgetting(undefined)} />}
    </>
  );
}

/** One plain sentence for whatever was wrong of the three: the server cannot tell which, and must not. */
function plainer(error: StrongholdError, remembered: boolean): StrongholdError {
  if (error.code !== "login_refused") {
    return error;
  }
  const message = remembered ? "The password is wrong, or the account key that this device remembers is no longer good." : "The e-mail address, the account key or the password is wrong.";
  return Object.assign(new Error(message), { name: "StrongholdError" as const, kind: error.kind, code: error.code, conflict: false, advice: "If you have only just accepted an invitation, an owner or admin must confirm you first." });
}
