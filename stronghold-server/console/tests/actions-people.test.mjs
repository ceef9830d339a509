/** Every action on people, the audit log, the organization, the account and the pages of signing in, with its effect read by the command line. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { accept, agentCli, choose, Cli, confirm, dialog, dialogClosed, invite, lock, open, openTab, organizationOn, personCli, randomWord, recover, seesPage, signIn, signInAgain, startServer } from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @param {string} name */
const exactly = (name) => ({ name, exact: true });

/** What is refused on purpose is a line on the browser's console. */
const REFUSED = /status of 40[0-9]/;

/**
 * An organization with a profile, a group that may read it, and its owner in the console and at the command line.
 * @param {import("node:test").TestContext} t
 */
async function scene(t) {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  await cli.ok(["profile", "create", "production"]);
  await cli.ok(["env", "push", "--profile", "production", "-"], { input: "DATABASE_URL=postgres://db.example/app\nAPI_KEY=k\n" });
  await cli.ok(["group", "create", "deploy"]);
  await cli.ok(["group", "grant", "deploy", "production"]);
  const tab = await openTab(t, server);
  await signIn(tab, owner);
  return { server, owner, cli, tab, page: tab.page };
}

/**
 * What the command line lists of somebody.
 * @param {import("./harness.mjs").Cli} cli
 * @param {string} email
 */
async function listed(cli, email) {
  return (await cli.json(["user", "list"])).find((/** @type {any} */ person) => person.email === email);
}

/**
 * Does something by the menu of somebody's row.
 * @param {Page} page
 * @param {string} email
 * @param {"Change role" | "Remove" | "Cancel invitation"} what
 */
async function act(page, email, what) {
  await choose(page, `Actions for ${email}`, what);
}

/**
 * Gives somebody another role in the dialog.
 * @param {Page} page
 * @param {string} email
 * @param {string} role
 */
async function changeRole(page, email, role) {
  await act(page, email, "Change role");
  const form = dialog(page, `Role of ${email}`);
  await form.getByRole("radio", exactly(role)).check();
  await form.getByRole("button", exactly("Change role")).click();
}

test("people are invited, accept on another device, are confirmed, change roles and are removed", async (t) => {
  const { server, cli, page } = await scene(t);
  const email = "mei@acme.example";
  const code = await invite(page, email, { groups: ["deploy"] });
  assert.equal((await listed(cli, email)).status, "invited");

  const theirs = await openTab(t, server);
  const mei = await accept(theirs, { code, email });
  // The page that was open says so when it is asked.
  const row = page.getByRole("row", { name: email });
  await row.getByText("Invited", { exact: true }).filter({ visible: true }).waitFor();
  await page.getByRole("button", exactly("Refresh")).click();
  await row.getByRole("button", exactly("Confirm")).waitFor();
  await confirm(page, email, mei.fingerprint);
  assert.deepEqual({ ...(await listed(cli, email)), user_id: "", last_seen_at: null }, { user_id: "", email, role: "editor", status: "member", groups: ["deploy"], last_seen_at: null });

  // An editor reads what the group is granted, and is offered nothing that only managers may.
  const theirCli = await personCli(t, server, mei);
  assert.equal((await theirCli.pull("production"))["API_KEY"], "k");
  await theirs.go("sign-in");
  await signInAgain(theirs, mei.password);
  for (const [name, action] of /** @type {const} */ ([["Agents", "Create agent"], ["Profiles", "Create profile"], ["Groups", "Create group"], ["People", "Invite"]])) {
    await open(theirs.page, name);
    await theirs.page.getByRole("main").getByText(/mei@acme|No agent yet|production|deploy/).filter({ visible: true }).first().waitFor();
    assert.equal(await theirs.page.getByRole("button", exactly(action)).count(), 0);
  }
  await open(theirs.page, "Audit");
  await theirs.page.getByText("Not for editors").waitFor();

  // New keys, which she asks for and somebody else confirms.
  const { fingerprint } = await theirCli.json(["user", "rotate-keys", "--email", email, "--account-key", "-"], { input: mei.accountKey });
  await open(page, "Groups");
  await open(page, "People");
  await row.getByText("New keys", { exact: true }).filter({ visible: true }).waitFor();
  await row.getByRole("button", exactly("Confirm keys")).click();
  await dialog(page).getByText(fingerprint).waitFor();
  await dialog(page).getByRole("button", exactly("Confirm new keys")).click();
  await dialogClosed(page);
  assert.equal((await listed(cli, email)).new_keys, undefined);
  assert.equal((await theirCli.run(["env", "pull", "--profile", "production"])).code, 3, "the keys so far are over");
  await theirCli.ok(["auth", "login", "--email", email, "--account-key", "-"], { input: mei.accountKey });
  assert.equal((await theirCli.pull("production"))["API_KEY"], "k");

  await changeRole(page, email, "Admin");
  await dialogClosed(page);
  assert.equal((await listed(cli, email)).role, "admin");
  await changeRole(page, email, "Auditor");
  await dialog(page, "Done").getByText("DATABASE_URL").waitFor();
  await dialog(page, "Done").getByRole("button", exactly("Close")).last().click();
  await dialogClosed(page);
  const auditor = await listed(cli, email);
  assert.deepEqual([auditor.role, auditor.groups], ["auditor", []]);
  assert.notEqual((await theirCli.run(["env", "pull", "--profile", "production"])).code, 0, "an auditor has no key");

  const unused = await invite(page, "ravi@acme.example", { role: "Auditor" });
  await act(page, "ravi@acme.example", "Cancel invitation");
  await dialog(page).getByRole("button", exactly("Cancel invitation")).click();
  await dialogClosed(page);
  assert.equal(await listed(cli, "ravi@acme.example"), undefined);
  const late = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: randomWord() });
  assert.equal((await late.run(["user", "accept", "--email", "ravi@acme.example", "--invite", "-"], { input: unused })).code, 3, "a cancelled invitation lets nobody in");

  await act(page, email, "Remove");
  const typed = dialog(page, `Remove ${email}?`).getByLabel(/to confirm$/);
  await typed.fill("mei");
  await dialog(page).getByRole("button", exactly("Remove")).click();
  await dialog(page).getByText(`Type “${email}” exactly.`).waitFor();
  assert.equal((await listed(cli, email)).status, "member", "another text removes nobody");
  await typed.fill(email);
  await dialog(page).getByRole("button", exactly("Remove")).click();
  await dialog(page, "Done").getByRole("button", exactly("Close")).last().click();
  await dialogClosed(page);
  await page.getByRole("row", { name: email }).waitFor({ state: "detached" });
  assert.equal(await listed(cli, email), undefined);
  assert.equal((await theirCli.run(["audit", "list"])).code, 3, "whoever was removed is refused");
});

test("what takes two owners waits for the second, and can be withdrawn", async (t) => {
  const { server, cli, page } = await scene(t);
  const [second, third] = ["noor@acme.example", "jonas@acme.example"];
  const theirs = await openTab(t, server);
  const noor = await accept(theirs, { code: await invite(page, second, { role: "Owner" }), email: second });
  await confirm(page, second);
  const other = await openTab(t, server);
  await accept(other, { code: await invite(page, third, { role: "Editor" }), email: third });
  await confirm(page, third);

  await open(page, "Organization");
  await page.getByRole("button", exactly("Change threshold")).click();
  await dialog(page, "Owner threshold").getByLabel("Owners who must sign").fill("2");
  await dialog(page).getByRole("button", exactly("Change threshold")).click();
  const pending = async () => {
    await dialog(page, "Pending").getByText("Nothing has changed yet.").waitFor();
    await dialog(page, "Pending").getByRole("button", exactly("Close")).last().click();
    await dialogClosed(page);
  };
  const propose = async () => {
    await open(page, "People");
    await changeRole(page, third, "Owner");
    await pending();
  };
  /** As the second owner, who sees what it is about. */
  const approve = async (/** @type {string | RegExp} */ change) => {
    await open(theirs.page, "Agents");
    await open(theirs.page, "People");
    await theirs.page.getByRole("button", exactly("Approve")).click();
    await dialog(theirs.page, "Sign it?").getByText(change).waitFor();
    await dialog(theirs.page).getByRole("button", exactly("Approve")).click();
    await dialogClosed(theirs.page);
  };
  await pending();
  assert.equal((await cli.json(["org", "policy"])).owner_threshold, 1);
  await theirs.go("sign-in");
  await signInAgain(theirs, noor.password);
  await approve("The owner threshold becomes 2");
  assert.equal((await cli.json(["org", "policy"])).owner_threshold, 2);

  await propose();
  assert.equal((await cli.json(["org", "approvals"])).length, 1);
  assert.equal((await listed(cli, third)).role, "editor");
  await page.getByRole("button", exactly("Withdraw")).click();
  await dialog(page, "Withdraw it?").getByRole("button", exactly("Withdraw")).click();
  await dialogClosed(page);
  assert.deepEqual(await cli.json(["org", "approvals"]), []);

  await propose();
  await approve(/jonas@acme\.example \(id \S+, fingerprint \S+\) becomes owner, and is editor no more/);
  assert.equal((await listed(cli, third)).role, "owner");
  assert.deepEqual(await cli.json(["org", "approvals"]), []);
});

test("the audit log is filtered, opened, watched live, charted, verified and exported", async (t) => {
  const { cli, page } = await scene(t);
  const { token } = await cli.json(["agent", "create", "CI pipeline", "--group", "deploy"]);
  const agent = await agentCli(t, token);
  await agent.ok(["env", "pull", "--profile", "production", "--reason", "build 481"]);
  await agent.ok(["secret", "get", "--profile", "production", "API_KEY", "--reason", "one of them"]);
  await agent.run(["env", "pull", "--profile", "nowhere", "--reason", "a mistake"]);
  await open(page, "Audit");
  const table = page.getByRole("table", exactly("Audit records"));
  const rows = table.getByRole("row");
  const records = page.getByRole("status").filter({ hasText: /^\d+ records?, newest first/ });

  // Filters: who, profile and secret, outcome, action; and all that was left out.
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "CI pipeline" });
  await table.getByText("a mistake").filter({ visible: true }).waitFor();
  await page.getByLabel("Outcome", { exact: true }).selectOption({ label: "Denied" });
  await records.filter({ hasText: /^1 record,/ }).waitFor();
  await page.getByLabel("Outcome", { exact: true }).selectOption({ label: "Allowed" });
  await page.getByLabel("Action", { exact: true }).selectOption({ label: "Read a profile" });
  await records.filter({ hasText: /^2 records,/ }).waitFor();
  await page.getByLabel("Profile", { exact: true }).selectOption({ label: "production" });
  await page.getByLabel("Secret", { exact: true }).fill("API_KEY");
  await page.getByRole("button", exactly("Apply")).click();
  await records.filter({ hasText: /^2 records,/ }).waitFor();
  const [seen] = await cli.json(["audit", "list", "--agent", "CI pipeline", "--profile", "production", "--secret", "API_KEY", "--action", "profile.read"]);
  await rows.filter({ hasText: "build 481" }).getByRole("button").click();
  const record = dialog(page, "Read a profile");
  for (const shown of [seen.event_id, seen.principal.id, "build 481", "127.0.0.1", "production"]) {
    await record.getByText(shown, { exact: true }).waitFor();
  }
  await page.keyboard.press("Escape");
  await dialogClosed(page);
  await page.getByLabel("Action", { exact: true }).selectOption({ label: "Reads of values" });
  await records.filter({ hasText: /^2 records,/ }).waitFor();

  // The chart says the same in words and as a table.
  await page.getByRole("img", { name: /^2 reads by 1 agent/ }).waitFor();
  await page.getByText("Show as a table").click();
  await page.getByRole("region", { name: /as a table$/ }).getByRole("columnheader", { name: "CI pipeline" }).waitFor();

  // Live: what an agent reads appears, and is marked.
  await page.getByRole("button", exactly("Clear filters")).click();
  await page.getByRole("switch", exactly("Live")).click();
  await page.getByRole("switch", { name: "Live", checked: true }).waitFor();
  await agent.ok(["env", "pull", "--profile", "production", "--reason", "build 482"]);
  await rows.filter({ hasText: "build 482" }).getByText("New", { exact: true }).waitFor();
  await page.getByRole("switch", exactly("Live")).click();

  await page.getByRole("button", exactly("Verify the log")).click();
  const verified = await page.getByRole("strong").filter({ hasText: /^Verified: [\d,]+ records$/ }).innerText();
  const counted = Number(verified.replace(/\D/g, ""));
  const { records: all } = await cli.json(["audit", "verify"]);
  assert.ok(counted > 10 && counted <= all, `${counted} of ${all} records were there when it verified`);

  // What is shown is exported, in the forms of the command line.
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "CI pipeline" });
  await records.filter({ hasText: /^\d records,/ }).waitFor();
  const save = async (/** @type {string} */ form) => {
    const [download] = await Promise.all([page.waitForEvent("download"), choose(page, "Export what is shown", form)]);
    assert.match(download.suggestedFilename(), /^stronghold-audit-[\d-]+\.(csv|jsonl)$/);
    return readFileSync(await download.path(), "utf8");
  };
  const csv = (await save("CSV")).trimEnd().split("\n");
  const theirs = (await cli.ok(["audit", "export", "--agent", "CI pipeline", "--format", "csv"])).trimEnd().split("\n");
  assert.equal(csv[0], theirs[0]);
  const lines = (await save("JSON Lines")).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, csv.length - 1);
  for (const [at, line] of csv.slice(1).entries()) {
    assert.ok(theirs.includes(line), `the command line exports the same: ${line}`);
    assert.ok(line.includes(lines[at].event_id));
  }
});

test("the organization is renamed, compared and verified", async (t) => {
  const { server, cli, tab, page } = await scene(t);
  await open(page, "Organization");
  const { org_id: id, head } = await cli.json(["org", "show"]);
  const { owner_threshold: threshold } = await cli.json(["org", "policy"]);
  const identity = page.getByRole("region", exactly("Identity"));
  assert.equal((await identity.locator(".fingerprint").innerText()).replace(/\s/g, ""), id, "the fingerprint is the id in groups of four");
  await page.getByText(head, { exact: true }).waitFor();
  await page.getByText(`${threshold} of 1 owner`).waitFor();

  await identity.getByRole("button", exactly("Rename")).click();
  await dialog(page, "Rename the organization").getByLabel("Name", { exact: true }).fill("Acme Trading");
  await dialog(page).getByRole("button", exactly("Rename")).click();
  await dialogClosed(page);
  await identity.getByText("Acme Trading", { exact: true }).waitFor();
  assert.equal((await cli.json(["org", "show"])).name, "Acme Trading");
  await page.getByRole("banner").getByText("Acme Trading", { exact: true }).waitFor();

  await page.getByRole("button", exactly("Verify everything")).click();
  const verified = await page.getByText("Everything holds.").locator("xpath=ancestor::p").innerText();
  const theirs = await cli.json(["org", "verify"]);
  for (const [count, what] of [[theirs.secrets, "secret"], [theirs.revisions, "revision"], [theirs.ciphertexts, "ciphertext"], [theirs.profiles, "profile"]]) {
    assert.match(verified, new RegExp(`\\b${count} ${what}s?\\b`));
  }

  // What the page is made of can be compared with the release.
  const sums = await (await fetch(`${server.url}/SHA256SUMS`)).text();
  assert.match(sums, /^[0-9a-f]{64} {2}index\.html$/m);
  // Beside the console, which would be locked if it were left. A plain text has no icon, and the browser asks for one.
  tab.expect(/favicon\.ico/);
  const [beside] = await Promise.all([tab.context.waitForEvent("page"), page.getByRole("link", exactly("SHA256SUMS")).click()]);
  await beside.getByText(/index\.html/).waitFor();
  await seesPage(page, "Organization");
});

test("the account: theme, automatic lock, password, and what this device keeps", async (t) => {
  const { server, owner, tab, page } = await scene(t);
  const light = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await choose(page, `Account of ${owner.email}`, "My account");
  await seesPage(page, "My account");

  await page.getByRole("radio", exactly("Dark")).check();
  const isDark = () => page.waitForFunction((before) => getComputedStyle(document.documentElement).backgroundColor !== before, light);
  await isDark();
  await page.getByLabel("Lock by itself after").selectOption({ label: "2 minutes without input" });
  // Both are kept; and what has not been touched for so long is locked.
  await page.clock.install();
  await page.reload();
  await isDark();
  await signInAgain(tab, owner.password);
  await page.clock.fastForward("01:50");
  await page.keyboard.press("Shift");
  await page.clock.fastForward("01:50");
  assert.equal(await page.getByRole("navigation", exactly("Pages")).count(), 1, "a key was pressed in between");
  const worker = page.workers()[0];
  assert.ok(worker !== undefined);
  const gone = worker.waitForEvent("close");
  await page.clock.fastForward("00:20");
  await page.getByText("Locked after 2 minutes without input.").waitFor();
  await page.clock.runFor(1000);
  await gone;

  // The password, with a new account key: the former ones open nothing.
  await signInAgain(tab, owner.password);
  await tab.go("account");
  const changed = randomWord();
  const change = async (/** @type {string} */ present) => {
    await page.getByLabel("Present password").fill(present);
    await page.getByLabel("New password", { exact: true }).fill(changed);
    await page.getByLabel("New password again").fill(changed);
    await page.getByLabel("Make a new account key too").check();
    await page.getByRole("button", exactly("Change password")).click();
  };
  tab.expect(REFUSED);
  await change("not the password");
  await page.getByRole("alert").getByText(/^The present password is wrong/).waitFor();
  await change(owner.password);
  const shown = page.getByRole("region", exactly("Account key"));
  const accountKey = await shown.getByRole("status").innerText();
  await shown.getByLabel("I have kept the account key").check();
  await shown.getByRole("button", exactly("Done")).click();
  assert.notEqual(accountKey, owner.accountKey);
  await personCli(t, server, { ...owner, password: changed, accountKey });
  await assert.rejects(personCli(t, server, owner), /login/);

  // This device keeps the new key; another one needs it.
  await lock(tab);
  await page.getByLabel("Password", { exact: true }).fill(owner.password);
  await page.getByRole("button", exactly("Sign in")).click();
  await page.getByRole("alert").getByText(/^The password is wrong/).waitFor();
  await signInAgain(tab, changed);
  const other = await openTab(t, server);
  other.expect(REFUSED);
  await signIn(other, { ...owner, password: changed, accountKey });

  await open(other.page, "Organization");
  await other.page.getByRole("button", exactly("Forget the account key")).click();
  await other.page.getByText(/^not kept: it is asked for/).waitFor();
  await lock(other);
  await other.page.getByLabel("Account key", { exact: true }).fill("stronghold_account_cut");
  await other.page.getByLabel("E-mail address").fill(owner.email);
  await other.page.getByLabel("Password", { exact: true }).fill(changed);
  await other.page.getByRole("button", exactly("Sign in")).click();
  await other.page.locator("[aria-invalid=true]:focus").waitFor();
  await signIn(other, { ...owner, password: changed, accountKey });
});

test("a forgotten password is replaced with the recovery kit, and a wrong kit is said to be wrong", async (t) => {
  const { server, owner, cli } = await scene(t);
  const tab = await openTab(t, server, { route: "recover" });
  const { page } = tab;
  const attempt = async (/** @type {string} */ kit) => {
    await page.getByLabel("Recovery kit").fill(kit);
    const password = randomWord();
    await page.getByLabel("New password", { exact: true }).fill(password);
    await page.getByLabel("New password again").fill(password);
    await page.getByRole("button", exactly("Set the new password")).click();
    await page.getByRole("alert").getByText(/\w/).first().waitFor();
  };
  // A letter that was mistyped is noticed here: nothing is asked of the server.
  const at = owner.recoveryKit.length - 30;
  await attempt(`${owner.recoveryKit.slice(0, at)}${owner.recoveryKit[at] === "a" ? "b" : "a"}${owner.recoveryKit.slice(at + 1)}`);
  const recovered = await recover(tab, owner);
  await seesPage(page, "Agents");
  const again = await personCli(t, server, recovered);
  assert.equal((await again.pull("production"))["API_KEY"], "k");
  await assert.rejects(personCli(t, server, owner), /login/);
  assert.equal((await cli.json(["org", "verify"])).verified, true);
});
