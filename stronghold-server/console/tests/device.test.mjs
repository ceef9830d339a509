/** Who may sign in on a device, and what the device keeps: every wrong way in, and forgetting. */
import assert from "node:assert/strict";
import test from "node:test";
import { accept, Cli, confirm, dialog, invite, open, openTab, organizationOn, personCli, randomWord, seesPage, signIn, startServer, storageOf } from "./harness.mjs";

/** @typedef {import("./harness/steps.mjs").Person} Person */

/** @param {string} name */
const exactly = (name) => ({ name, exact: true });

/** What is refused on purpose is a line on the browser's console. */
const REFUSED = /status of 40[0-9]/;

/** Everything that a device keeps. @param {import("./harness/browser.mjs").Tab} tab */
const kept = async (tab) => JSON.stringify(await storageOf(tab));

test("wrong password, account key and address are one plain error, and leave nothing behind", async (t) => {
  const server = await startServer(t);
  const { owner } = await organizationOn(t, server);
  const admin = await openTab(t, server);
  await signIn(admin, owner);
  const code = await invite(admin.page, "mei@acme.example");
  const other = await accept(await openTab(t, server), { code, email: "mei@acme.example" });
  await confirm(admin.page, other.email);

  const tab = await openTab(t, server);
  tab.expect(REFUSED);
  const { page } = tab;
  const refusal = async (/** @type {Partial<Person>} */ wrong) => {
    const { email, password, accountKey } = { ...owner, ...wrong };
    await page.reload();
    await seesPage(page, "Sign in");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Account key", { exact: true }).fill(accountKey);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", exactly("Sign in")).click();
    return page.getByRole("alert").filter({ hasText: /./ }).innerText();
  };
  const said = [await refusal({ password: randomWord() }), await refusal({ accountKey: other.accountKey }), await refusal({ email: "nobody@acme.example" })];
  assert.match(said[0] ?? "", /^The e-mail address, the account key or the password is wrong\./);
  assert.equal(new Set(said).size, 1, `none of the three says which it was: ${said.join(" | ")}`);
  assert.ok(!(await kept(tab)).includes("stronghold_account_"), "nothing of a refused sign-in is kept");
  await page.reload();
  await signIn(tab, owner);
});

test("a new password and the new account key open together only", async (t) => {
  const server = await startServer(t);
  const { owner } = await organizationOn(t, server);
  const tab = await openTab(t, server);
  await signIn(tab, owner);
  const { page } = tab;
  await tab.go("account");
  const password = randomWord();
  await page.getByLabel("Present password").fill(owner.password);
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password again").fill(password);
  await page.getByLabel("Make a new account key too").check();
  await page.getByRole("button", exactly("Change password")).click();
  const accountKey = await page.getByRole("region", exactly("Account key")).getByRole("status").innerText();
  for (const mixed of [owner, { ...owner, password }, { ...owner, accountKey }]) {
    const cli = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: mixed.password });
    assert.equal((await cli.run(["auth", "login", "--email", mixed.email, "--account-key", "-"], { input: mixed.accountKey })).code, 3);
  }
  await personCli(t, server, { ...owner, password, accountKey });
});

test("a device forgets everything once the word is typed, and nothing else changes", async (t) => {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  const tab = await openTab(t, server);
  await signIn(tab, owner);
  const { page } = tab;
  const before = await kept(tab);
  assert.ok(before.includes(owner.accountKey) && before.includes('"memory":[{'));
  await open(page, "Organization");
  await page.getByRole("button", exactly("Forget this device")).click();
  const ask = dialog(page, "Forget this device?");
  await ask.getByRole("button", exactly("Forget and lock")).click();
  await ask.getByText("Type “forget” exactly.").waitFor();
  assert.ok((await kept(tab)).includes('"memory":[{'), "without the word nothing is forgotten");
  await ask.getByLabel(/^Type “forget”/).fill("forget");
  await ask.getByRole("button", exactly("Forget and lock")).click();
  await page.getByText("This device has forgotten the organization.").waitFor();
  const after = await kept(tab);
  assert.ok(!after.includes("stronghold_account_") && after.includes('"memory":[]'));
  await signIn(tab, owner);
  assert.equal((await cli.json(["org", "verify"])).verified, true);
});
