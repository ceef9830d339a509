import { render, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { NewOwner } from "../api";
import { saveAs } from "../save";
import { server } from "../server";
import { Name, visible } from "./Badge";
import { Button } from "./Button";
import { CopyButton } from "./CopyField";
import { Note } from "./ErrorNote";
import { Checkbox } from "./Field";

/** Whose kit it is, as the printed sheet says. */
export interface KitOwner {
  email: string;
  /** Not known to somebody who was only invited. */
  organization?: string;
}

/** The recovery kit and the account key, shown this once: to print, to save, to copy. Goes on only when both were kept. */
export function RecoverySheet({ made, owner, goOn, onDone, before }: { made: NewOwner; owner: KitOwner; goOn: string; onDone(): unknown; before?: ComponentChildren }) {
  const [kept, setKept] = useState(false);
  // The sheet stands beside the page, so that paper can have it and nothing else. It goes with this component.
  useEffect(() => {
    const sheet = document.createElement("div");
    sheet.className = "sheet";
    sheet.ariaHidden = "true";
    document.body.append(sheet);
    render(<PrintedSheet made={made} owner={owner} />, sheet);
    return () => {
      render(null, sheet);
      sheet.remove();
    };
  }, [made]);
  return (
    <>
      {before}
      <section class="kit" aria-label="Recovery kit">
        <h2>Recovery kit</h2>
        <p>It replaces a forgotten password. Whoever holds it can act as you: print it and lock it away, or keep it offline.</p>
        <output class="secret-text" translate={false} tabIndex={0}>{made.recovery_kit}</output>
        <div class="actions">
          <Button icon="print" kind="primary" onPress={() => print()}>Print</Button>
          <Button icon="download" onPress={() => save(made, owner)}>Save as a file</Button>
          <CopyButton text={made.recovery_kit} what="Recovery kit" />
        </div>
      </section>
      <section class="kit" aria-label="Account key">
        <h2>Account key</h2>
        <p>Needed together with the password on every new device. Without it nobody can test guesses of the password, the server included.</p>
        <output class="secret-text" translate={false} tabIndex={0}>{made.account_key}</output>
        <div class="actions"><CopyButton text={made.account_key} what="Account key" /></div>
      </section>
      <Note tone="warn">Both are shown this once. Without password and kit, or account key and kit, nobody can help you back in.</Note>
      <Checkbox label="I have printed or saved both and can find them again" checked={kept} onChecked={setKept} />
      <Button kind="primary" disabled={!kept} onPress={onDone}>{goOn}</Button>
    </>
  );
}

/** What comes onto paper. Unseen on the screen. */
function PrintedSheet({ made, owner }: { made: NewOwner; owner: KitOwner }) {
  const { svg_path: path, size } = made.recovery_qr;
  return (
    <>
      <p class="sheet-title">Stronghold recovery kit</p>
      <dl>
        {owner.organization !== undefined && <><dt>Organization</dt><dd><Name>{owner.organization}</Name></dd></>}
        <dt>Person</dt>
        <dd><Name>{owner.email}</Name></dd>
        <dt>Server</dt>
        <dd>{server}</dd>
        <dt>Organization id</dt>
        <dd><code>{made.org_id}</code></dd>
      </dl>
      <div class="sheet-kit">
        <svg viewBox={`-4 -4 ${size + 8} ${size + 8}`} role="img" aria-label="The recovery kit as a QR code"><path d={path} /></svg>
        <div>
          <p class="sheet-label">Recovery kit</p>
          <code>{made.recovery_kit}</code>
        </div>
      </div>
      <p class="sheet-label">Account key</p>
      <code>{made.account_key}</code>
      <p class="sheet-label">If the password is forgotten</p>
      <ol>
        <li>Open {server}/#/recover</li>
        <li>Type or scan the recovery kit, and choose a new password. A new account key is made too.</li>
        <li>Or on the command line: <code>api-stronghold-cli --url {server} auth recover --kit -</code></li>
      </ol>
      <p>Whoever holds this sheet can act as this person. Keep it locked away, and not beside a device that is signed in.</p>
    </>
  );
}

function save({ recovery_kit: kit, account_key: key, org_id: org }: NewOwner, owner: KitOwner): void {
  const lines = [
    "Stronghold recovery kit",
    "",
    ...(owner.organization === undefined ? [] : [`Organization:     ${visible(owner.organization)}`]),
    `Person:           ${visible(owner.email)}`,
    `Server:           ${server}`,
    `Organization id:  ${org}`,
    "",
    "Recovery kit (replaces a forgotten password; whoever holds it can act as this person):",
    kit,
    "",
    "Account key (needed with the password on every new device):",
    key,
    "",
    `If the password is forgotten: ${server}/#/recover`,
    `or: api-stronghold-cli --url ${server} auth recover --kit -`,
    "",
  ];
  saveAs("stronghold-recovery-kit.txt", "text/plain", lines.join("\n"));
}
