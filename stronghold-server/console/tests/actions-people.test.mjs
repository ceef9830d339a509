/** Every action on people, the audit log, the organization, the account and the pages of signing in, with its effect read by the command line. */
import assert from "node:assert/strict";
import test from "node:test";
import { accept, choose, confirm, dialog, dialogClosed, invite, open, openTab, organizationOn, personCli, signIn, signInAgain, startServer } from "./harness.mjs";

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
  await confirm(page, email);
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

  await invite(page, "ravi@acme.example", { role: "Auditor" });
  await act(page, "ravi@acme.example", "Cancel invitation");
  await dialog(page).getByRole("button", exactly("Cancel invitation")).click();
  await dialogClosed(page);
  assert.equal(await listed(cli, "ravi@acme.example"), undefined);

  await act(page, email, "Remove");
  await dialog(page, `Remove ${email}?`).getByLabel(/to confirm$/).fill(email);
  await dialog(page).getByRole("button", exactly("Remove")).click();
  await dialog(page, "Done").getByRole("button", exactly("Close")).last().click();
  await dialogClosed(page);
  assert.equal(await page.getByRole("row", { name: email }).count(), 0);
  assert.equal(await listed(cli, email), undefined);
  assert.equal((await theirCli.run(["audit", "list"])).code, 3, "whoever was removed is refused");
});
