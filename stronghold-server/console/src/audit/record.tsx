import type { ComponentChildren } from "preact";
import type { AuditEntry } from "../api";
import { Badge, Name, visible } from "../components/Badge";
import { Button } from "../components/Button";
import type { Column } from "../components/DataTable";
import { Dialog } from "../components/Dialog";
import { Note } from "../components/ErrorNote";
import { Icon } from "../components/Icons";
import { exactTime, Time } from "../components/Time";
import { href } from "../router";
import { me } from "../state";
import { actionWords, counted } from "../words";
import type { FilterForm } from "./filter";
import { reasonWords, said, saidLine } from "./words";

/** The columns of the list. Records that came while it was watched are marked. */
export function columns(fresh: ReadonlySet<number>): Column<AuditEntry>[] {
  return [
    { key: "time", title: "Time", width: "136px", cell: (entry) => <><Time at={entry.time} />{fresh.has(entry.position) && <> <Badge tone="accent">New</Badge></>}</> },
    { key: "who", title: "Who", width: "190px", cell: (entry) => <><Who entry={entry} /><span class="narrow-action">{actionWords(entry.action)}</span></> },
    { key: "action", title: "Action", width: "190px", minor: true, cell: (entry) => <span title={entry.action}>{actionWords(entry.action)}</span> },
    { key: "profile", title: "Profile", width: "120px", minor: true, cell: (entry) => (entry.profile === undefined ? <None /> : <Titled text={visible(entry.profile.name)}><Name>{entry.profile.name}</Name></Titled>) },
    { key: "what", title: "What", width: "132px", minor: true, cell: (entry) => <What entry={entry} /> },
    { key: "outcome", title: "Outcome", width: "160px", cell: (entry) => <Outcome entry={entry} /> },
    { key: "from", title: "From", width: "110px", minor: true, cell: (entry) => (entry.address === undefined ? <None /> : <span class="numbers" title={entry.address}>{entry.address}</span>) },
    { key: "context", title: "Context", minor: true, cell: (entry) => (saidLine(entry) === "" ? <None /> : <Titled text={visible(saidLine(entry))}><Name>{saidLine(entry)}</Name></Titled>) },
  ];
}

function None() {
  return <span class="quiet">-</span>;
}

function Titled({ text, children }: { text: string; children: ComponentChildren }) {
  return <span title={text}>{children}</span>;
}

function Who({ entry: { principal, action } }: { entry: AuditEntry }) {
  if (!principal) {
    return action.startsWith("user.") ? <span class="quiet" title="Signed with the code of an invitation">somebody invited</span> : <span class="quiet" title="The key belongs to nobody who is known">unknown</span>;
  }
  return <span class="who" title={visible(principal.name)}><Icon name={principal.kind === "agent" ? "agent" : "account"} /><span class="visually-hidden">{principal.kind === "agent" ? "Agent" : "Person"} </span><Name>{principal.name}</Name></span>;
}

function What({ entry }: { entry: AuditEntry }) {
  const secrets = entry.secrets ?? [];
  const revision = entry.profile?.revision;
  if (entry.statement !== undefined) {
    return <span class="numbers">Statement {entry.statement}</span>;
  }
  const names = secrets.map((secret) => `${visible(secret.name ?? secret.secret_id)}${typeof secret.version === "number" ? ` version ${secret.version}` : ""}`);
  const parts = [...(names.length === 0 ? [] : [names.length === 1 ? names[0] : counted(names.length, "secret")]), ...(revision === undefined ? [] : [`revision ${revision}`])];
  return parts.length === 0 ? <None /> : <span class="numbers" title={[...names, ...(revision === undefined ? [] : [`revision ${revision}`])].join(", ")}>{parts.join(", ")}</span>;
}

function Outcome({ entry }: { entry: AuditEntry }) {
  if (entry.outcome === "allowed") {
    return <Badge tone="good">Allowed</Badge>;
  }
  return <span title={`Denied: ${entry.reason ?? ""}`}><Badge tone="bad">Denied</Badge> <span class="outcome-reason">{reasonWords(entry.reason)}</span></span>;
}

/** Everything that a record says; and ways to the records beside it. */
export function RecordDialog({ entry, onFilter, onClose }: { entry: AuditEntry; onFilter(change: Partial<FilterForm>): void; onClose(): void }) {
  const { principal, profile } = entry;
  const secrets = entry.secrets ?? [];
  const { reason, provider, repository, run, clockCorrected } = said(entry);
  const isSilent = [reason, provider, repository, run, clockCorrected].every((part) => part === undefined);
  const narrow = (change: Partial<FilterForm>): void => {
    onClose();
    onFilter(change);
  };
  return (
    <Dialog
      title={actionWords(entry.action)}
      wide
      onClose={onClose}
      footer={
        <>
          {principal && <Button onPress={() => narrow({ who: `${principal.kind}:${principal.id}` })}>Only records of <Name>{principal.name}</Name></Button>}
          {profile?.profile_id !== undefined && <Button onPress={() => narrow({ profile: profile.profile_id ?? "", secret: "" })}>Only this profile</Button>}
          <Button kind="primary" autoFocus onPress={onClose}>Close</Button>
        </>
      }
    >
      <dl class="facts">
        <Fact term="Time"><time dateTime={entry.time}>{exactTime(entry.time)}</time> <span class="quiet">(<Time at={entry.time} />, by the server's clock)</span></Fact>
        <Fact term="Outcome"><Outcome entry={entry} /></Fact>
        <Fact term="Who">{principal ? <>{principal.kind === "agent" ? <a href={href("agents", principal.id)}><Name>{principal.name}</Name></a> : <Name>{principal.name}</Name>} <Id text={principal.id} /></> : <Who entry={entry} />}</Fact>
        <Fact term="Action"><code>{entry.action}</code></Fact>
        {profile !== undefined && <Fact term="Profile">{profile.profile_id === undefined ? <><Name>{profile.name}</Name> <span class="quiet">(as it was asked for)</span></> : <><a href={href("profiles", profile.profile_id)}><Name>{profile.name}</Name></a> <Id text={profile.profile_id} /></>}</Fact>}
        {profile?.revision !== undefined && <Fact term="Revision">{profile.revision}</Fact>}
        {secrets.length > 0 && (
          <Fact term="Secrets">
            <ul class="record-secrets">
              {secrets.map((secret) => <li key={secret.secret_id}>{secret.name === undefined ? <code>{secret.secret_id}</code> : <><code><Name>{secret.name}</Name></code> <Id text={secret.secret_id} /></>}{typeof secret.version === "number" && <span class="quiet"> version {secret.version}</span>}</li>)}
            </ul>
            {secrets.some((secret) => secret.name === undefined) && <p class="hint">{me.value?.role === "auditor" ? "Names are encrypted, and an auditor has no key." : "Names are encrypted: filter by the profile, and they are shown."}</p>}
          </Fact>
        )}
        {entry.statement !== undefined && <Fact term="Statement">{entry.statement} of the directory</Fact>}
        <Fact term="From">{entry.address === undefined ? <span class="quiet">not recorded</span> : <code>{entry.address}</code>}</Fact>
        {provider !== undefined && <Fact term="CI provider"><Name>{provider}</Name></Fact>}
        {repository !== undefined && <Fact term="Repository"><Name>{repository}</Name></Fact>}
        {run !== undefined && <Fact term="Run"><Name>{run}</Name></Fact>}
        {reason !== undefined && <Fact term="Reason"><Name>{reason}</Name></Fact>}
        {clockCorrected !== undefined && <Fact term="Clock">corrected by {counted(Math.abs(clockCorrected), "second")}</Fact>}
        <Fact term="Position">{entry.position} <Id text={entry.event_id} /></Fact>
        <Fact term="Directory">as of statement {entry.directory.seq} <Id text={entry.directory.hash} /></Fact>
      </dl>
      {!entry.signed && <Note>Nobody signed this: whoever signs in has no key yet. It is the server's word.</Note>}
      {!isSilent && <Note>CI provider, repository, run and reason are what the caller says of itself. It signed them, so nobody can change them; nobody checks that they are true.</Note>}
    </Dialog>
  );
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Id({ text }: { text: string }) {
  return <code class="quiet">{text}</code>;
}
