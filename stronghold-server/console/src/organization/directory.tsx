import { useState } from "preact/hooks";
import type { OrganizationInfo, OrganizationVerified } from "../api";
import { session } from "../client";
import { Name } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { ErrorNote, Note } from "../components/ErrorNote";
import { Spinner } from "../components/Spinner";
import { useAction } from "../hooks";
import { href } from "../router";
import { announce } from "../state";
import { counted } from "../words";

/** The directory: how much there is, its head, and that all of it verifies. */
export function DirectoryCard({ organization, onVerified }: { organization: OrganizationInfo; onVerified(): void }) {
  return (
    <section class="card" aria-labelledby="directory">
      <header><h2 id="directory">Directory</h2></header>
      <dl class="facts">
        <dt>In it</dt>
        <dd>
          <a href={href("agents")}>{counted(organization.agents, "agent")}</a>, <a href={href("groups")}>{counted(organization.groups, "group")}</a>, <a href={href("profiles")}>{counted(organization.profiles, "profile")}</a>
        </dd>
        <dt>Statements</dt>
        <dd class="numbers">{organization.statements.toLocaleString("en")} <span class="quiet">signed changes, each on top of the one before</span></dd>
        <dt>Head</dt>
        <dd><CopyField text={organization.head} what="head" /></dd>
        <dt>Checkpoint key</dt>
        <dd><CopyField text={organization.checkpoint_key} what="checkpoint key" /></dd>
      </dl>
      <p class="quiet">The checkpoint key signs the audit log's checkpoints. The server holds it, and an owner has put it into the directory.</p>
      <VerifyEverything profiles={organization.profiles} onVerified={onVerified} />
    </section>
  );
}

/** Verifies everything that there ever was, and says in words what that shows; also of how many of the profiles it shows nothing. */
function VerifyEverything({ profiles, onVerified }: { profiles: number; onVerified(): void }) {
  const [seen, setSeen] = useState<string[]>([]);
  const [verified, setVerified] = useState<OrganizationVerified>();
  const verify = useAction(async () => {
    setVerified(undefined);
    setSeen([]);
    const result = await session.verifyOrganization((profile) => setSeen((before) => [...before, profile]));
    setVerified(result);
    onVerified();
    announce("Verified: everything holds");
  });
  const current = seen[seen.length - 1];
  const unread = Math.max(0, profiles - (verified?.profiles ?? 0));
  return (
    <div class="stack">
      <div><Button icon="shield" busy={verify.busy} onPress={verify.run}>Verify everything</Button></div>
      {verify.busy ? (
        <p class="row"><Spinner label="Verifying" /><span>{current === undefined ? "The directory, from its first statement on" : <>Profile <Name>{current}</Name>{seen.length > 1 && <span class="quiet"> after {counted(seen.length - 1, "other")}</span>}</>}</span></p>
      ) : verified === undefined ? (
        <p class="quiet">Replays every signed change since the organization was made, opens every revision of every profile that you may read, and holds all of it against what this device remembers.</p>
      ) : (
        <Note tone="good">
          <p><strong>{unread === 0 ? "Everything holds." : "Everything that you may read holds."}</strong> {counted(verified.statements, "statement")} from the first on; {counted(verified.profiles, "profile")} with {counted(verified.secrets, "secret")}, {counted(verified.revisions, "revision")} and {counted(verified.ciphertexts, "ciphertext")}{verified.purged > 0 && `, ${verified.purged.toLocaleString("en")} purged on an owner's word`}. All of it continues what this device remembers.</p>
          {unread > 0 && <p>{counted(unread, "profile is", "profiles are")} not yours to read: of what is in {unread === 1 ? "it" : "them"} nothing was checked.</p>}
          {verified.heads_only.length > 0 && <p>Of {verified.heads_only.map((name, index) => <>{index > 0 && ", "}<Name>{name}</Name></>)} the newest revision only: the history is not yours to read.</p>}
          <p>It does not tell whether the server shows others the same. Compare the head, or <code>api-stronghold-cli org verify --against FILE</code>.</p>
        </Note>
      )}
      <ErrorNote error={verify.error} />
    </div>
  );
}
