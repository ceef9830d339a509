import { shellWord } from "../agents/snippets";
import type { Me } from "../client";
import { Name } from "../components/Badge";
import { Button } from "../components/Button";
import { CopyField } from "../components/CopyField";
import { Select } from "../components/Field";
import { PageHeader } from "../components/PageHeader";
import { lock } from "../lock";
import "../organization/organization.css";
import { ChangePassword } from "../organization/password";
import { roleLabel, roleMay } from "../people/roles";
import { href } from "../router";
import { server } from "../server";
import { changeSettings, me, settings } from "../state";
import type { Settings } from "../storage";

const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120];

const THEMES: { value: Settings["theme"]; label: string }[] = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** The person's own account: who they are, their password, and this device's settings. */
export function AccountPage() {
  const who = me.value;
  return (
    <>
      <PageHeader title="My account" about="Your password and this device." actions={<Button icon="lock" onPress={() => lock()}>Lock</Button>} />
      {who !== undefined && (
        <div class="columns">
          <div class="stack wide-gap">
            <Who who={who} />
            <ThisDevice />
            <Everywhere who={who} />
          </div>
          <ChangePassword who={who} />
        </div>
      )}
    </>
  );
}

function Who({ who }: { who: Me }) {
  return (
    <section class="card" aria-labelledby="who">
      <header><h2 id="who">Who you are</h2></header>
      <dl class="facts">
        <dt>Address</dt>
        <dd><Name>{who.email}</Name></dd>
        <dt>Role</dt>
        <dd>{roleLabel(who.role)}. <span class="quiet">{roleMay(who.role)}</span></dd>
        <dt>Id</dt>
        <dd><CopyField text={who.user_id} what="id" /></dd>
      </dl>
    </section>
  );
}

function ThisDevice() {
  const { theme, auto_lock_minutes: minutes } = settings.value ?? { theme: "auto" as const, auto_lock_minutes: 10 };
  const choices = [...new Set([...MINUTES, minutes])].sort((a, b) => a - b);
  return (
    <section class="card" aria-labelledby="this-device">
      <header><h2 id="this-device">This device</h2></header>
      <Select
        label="Lock by itself after"
        value={String(minutes)}
        onValue={(chosen) => changeSettings({ auto_lock_minutes: Number(chosen) })}
        options={choices.map((choice) => ({ value: String(choice), label: choice === 1 ? "1 minute without input" : `${choice} minutes without input` }))}
        hint="Locking wipes every key from this page."
      />
      <fieldset>
        <legend>Theme</legend>
        <div class="choices">
          {THEMES.map(({ value, label }) => (
            <label key={value}>
              <input type="radio" name="theme" checked={theme === value} onChange={() => changeSettings({ theme: value })} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      <p class="quiet">What this device keeps of the organization, and how it forgets it, is under <a href={href("organization")}>Organization</a>.</p>
    </section>
  );
}

/** There is no list of sessions that the server could end: what is to be done instead. */
function Everywhere({ who }: { who: Me }) {
  return (
    <section class="card" aria-labelledby="everywhere">
      <header><h2 id="everywhere">A device is lost</h2></header>
      <p>There is nothing to sign out of: a session is your keys in the memory of a page, and the server keeps none that it could end.</p>
      <ul class="what-to-do">
        <li><strong>It was locked.</strong> Change the password here, with a new account key: what the device keeps is worth nothing then.</li>
        <li>
          <strong>It was open, or somebody knows your password.</strong> They may have your keys, which outlive the password.{" "}
          {who.role === "owner" ? "Change the keys themselves; everything is encrypted anew:" : `Ask for new keys, and tell ${who.role === "admin" ? "an owner" : "an owner or admin"} the fingerprint that you are shown, by a way that nobody else has. Once they have confirmed, what you could read is encrypted anew:`}
          <CopyField text={`api-stronghold-cli --url ${server} user rotate-keys --email ${shellWord(who.email)}`} what="command" />
        </li>
        <li>Then rotate, at their issuers, the secrets that the audit log shows as read.</li>
      </ul>
    </section>
  );
}
