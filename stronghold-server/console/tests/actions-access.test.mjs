/** Every action on agents, groups and profiles, done in the console by a person, and its effect as the command line sees it. */
import assert from "node:assert/strict";
import test from "node:test";
import { addSecret, Cli, choose, createGroup, createProfile, dialog, dialogClosed, grant, keepToken, open, openAgent, openGroup, openProfile, openTab, organizationOn, saveDraft, seesPage, signIn, startServer } from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * One organization for a test, its owner at the command line and in the console.
 * @param {import("node:test").TestContext} t
 */
async function scene(t) {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  const tab = await openTab(t, server);
  await signIn(tab, owner);
  return { cli, page: tab.page };
}

/** What an agent with a token gets of `production`: its values, or the code of the refusal. @param {import("node:test").TestContext} t @param {string} token */
async function pulled(t, token) {
  const ran = await new Cli(t, { API_STRONGHOLD_TOKEN: token }).run(["--json", "env", "pull", "--profile", "production", "--format", "json"]);
  return ran.code === 0 ? JSON.parse(ran.stdout) : `refused: ${JSON.parse(ran.stderr).code}`;
}

/** Presses a button. @param {Page} page @param {string} name */
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** Ends an access: confirms, gives what was told, and closes that. @param {Page} page @param {string} title @param {string} confirm @param {string} [typed] */
async function endAccess(page, title, confirm, typed) {
  const asked = dialog(page, title);
  if (typed !== undefined) {
    await asked.getByRole("textbox").fill("something else");
    await asked.getByRole("button", { name: confirm, exact: true }).click();
    await asked.getByText(`Type “${typed}” exactly.`).waitFor();
    await asked.getByRole("textbox").fill(typed);
  }
  await asked.getByRole("button", { name: confirm, exact: true }).click();
  const told = await dialog(page, "Done").innerText();
  await dialog(page, "Done").locator("footer").getByRole("button", { name: "Close" }).click();
  await dialogClosed(page);
  return told;
}

test("every action on an agent", async (t) => {
  const { cli, page } = await scene(t);
  for (const profile of ["production", "reports"]) {
    await cli.ok(["profile", "create", profile]);
    await cli.ok(["env", "push", "--profile", profile, "-"], { input: `${profile.toUpperCase()}_KEY=made up\n` });
    await cli.ok(["group", "create", `${profile} readers`]);
    await cli.ok(["group", "grant", `${profile} readers`, profile]);
  }
  const values = { PRODUCTION_KEY: "made up" };
  const shown = () => cli.json(["agent", "show", "robot"]);

  await open(page, "Agents");
  await press(page, "Create agent");
  const form = dialog(page, "Create agent");
  await form.getByLabel("Name", { exact: true }).fill("robot");
  await form.getByLabel("production readers", { exact: true }).check();
  await form.getByRole("radio", { name: "30 days" }).check();
  await form.getByText("More conditions").click();
  await form.getByLabel(/^Source ranges/).fill("127.0.0.0/8");
  await form.getByLabel(/^Most uses/).fill("40");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  const first = await keepToken(page, "robot");
  const made = await shown();
  const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000;
  assert.ok(Math.abs(days - 30) < 0.1, `expires in 30 days, not in ${days}`);
  assert.deepEqual([made.groups, made.conditions.source_cidrs, made.conditions.max_uses], [["production readers"], ["127.0.0.0/8"], 40]);
  assert.deepEqual(await pulled(t, first), values);

  await openAgent(page, "robot");
  await page.getByLabel("Add to a group").selectOption("reports readers");
  await press(page, "Add");
  await press(page, "Remove from reports readers");
  assert.deepEqual((await shown()).profiles.toSorted(), ["production", "reports"]);
  assert.match(await endAccess(page, "Remove robot from reports readers?", "Remove"), /REPORTS_KEY/);
  assert.deepEqual((await shown()).profiles, ["production"]);

  await choose(page, "More actions", "Edit name and conditions");
  await dialog(page, "Edit agent").getByRole("radio", { name: "Never" }).check();
  await dialog(page).getByLabel(/^Source ranges/).fill("10.0.0.0/8");
  await dialog(page).getByLabel(/^Most uses/).fill("");
  await dialog(page).getByRole("button", { name: "Save", exact: true }).click();
  await dialogClosed(page);
  assert.deepEqual((await shown()).conditions, { not_before: null, expires_at: null, source_cidrs: ["10.0.0.0/8"], max_uses: null });
  assert.equal(await pulled(t, first), "refused: address_refused");

  // Another name, and a start that is still to come; then without both again, and from anywhere.
  const edit = async (/** @type {{ name: string, notBefore: string }} */ { name, notBefore }) => {
    await choose(page, "More actions", "Edit name and conditions");
    await dialog(page, "Edit agent").getByLabel("Name", { exact: true }).fill(name);
    // They are shown where the agent has some.
    const further = dialog(page).getByLabel(/^Not before/);
    if (!(await further.isVisible())) {
      await dialog(page).getByText("More conditions").click();
    }
    await further.fill(notBefore);
    await dialog(page).getByLabel(/^Source ranges/).fill("");
    await dialog(page).getByRole("button", { name: "Save", exact: true }).click();
    await dialogClosed(page);
  };
  await edit({ name: "robot later", notBefore: "2199-01-01T00:00" });
  await seesPage(page, "robot later");
  assert.match((await cli.json(["agent", "show", "robot later"])).conditions.not_before, /^(2198-12-31|2199-01-01)T/);
  assert.equal(await pulled(t, first), "refused: not_yet_valid");
  await edit({ name: "robot", notBefore: "" });
  await seesPage(page, "robot");
  assert.deepEqual((await shown()).conditions, { not_before: null, expires_at: null, source_cidrs: [], max_uses: null });
  assert.deepEqual(await pulled(t, first), values);

  await press(page, "Deactivate");
  await page.getByRole("button", { name: "Activate", exact: true }).waitFor();
  assert.equal(await pulled(t, first), "refused: inactive");
  await press(page, "Activate");
  await page.getByRole("button", { name: "Deactivate", exact: true }).waitFor();
  assert.deepEqual(await pulled(t, first), values);

  await press(page, "Rotate token");
  await dialog(page, "Rotate the token of robot").getByRole("button", { name: "Make a new token" }).click();
  const second = await keepToken(page, "robot");
  const ended = dialog(page, "The old token has ended");
  assert.match(await ended.innerText(), /PRODUCTION_KEY/);
  await ended.locator("footer").getByRole("button", { name: "Close" }).click();
  await dialogClosed(page);
  assert.equal(await pulled(t, first), "refused: key_ended");
  assert.deepEqual(await pulled(t, second), values);

  await press(page, "Rotate token");
  await dialog(page).getByRole("radio", { name: "Good for 1 hour" }).check();
  await dialog(page).getByRole("button", { name: "Make a new token" }).click();
  const third = await keepToken(page, "robot");
  await dialogClosed(page);
  assert.deepEqual([await pulled(t, second), await pulled(t, third)], [values, values]);
  await press(page, "End the older token now");
  await endAccess(page, "End the older token?", "End it");
  assert.equal(await pulled(t, second), "refused: key_ended");
  assert.deepEqual(await pulled(t, third), values);

  await choose(page, "More actions", "Delete agent");
  assert.match(await endAccess(page, "Delete robot?", "Delete agent", "robot"), /PRODUCTION_KEY/);
  await seesPage(page, "Agents");
  assert.equal(await pulled(t, third), "refused: deleted");
  await cli.ok(["org", "verify"]);
});

test("every action on a group", async (t) => {
  const { cli, page } = await scene(t);
  await cli.ok(["profile", "create", "production"]);
  await cli.ok(["env", "push", "--profile", "production", "-"], { input: "KEY=made up\n" });
  const { token } = await cli.json(["agent", "create", "robot"]);
  await cli.ok(["agent", "create", "other"]);
  const shown = () => cli.json(["group", "show", "deploy"]);

  await createGroup(page, "deploy");
  await press(page, "Add members");
  await dialog(page, "Add to deploy").getByLabel("robot", { exact: true }).check();
  await dialog(page).getByLabel("other", { exact: true }).check();
  await dialog(page).getByRole("button", { name: "Add 2 members" }).click();
  await dialogClosed(page);
  assert.deepEqual((await shown()).members.map((/** @type {any} */ { name }) => name).toSorted(), ["other", "robot"]);
  await press(page, "Remove other");
  await endAccess(page, "Remove other from deploy?", "Remove");
  assert.deepEqual((await shown()).members, [{ kind: "agent", name: "robot" }]);

  await grant(page, "production");
  assert.deepEqual((await shown()).grants, [{ profile: "production", access: ["read"] }]);
  assert.deepEqual(await pulled(t, token), { KEY: "made up" });
  await press(page, "Change access to production");
  await dialog(page, "deploy on production").getByLabel("Write", { exact: true }).check();
  await dialog(page).getByLabel("History", { exact: true }).check();
  await dialog(page).getByRole("button", { name: "Save", exact: true }).click();
  await dialogClosed(page);
  assert.deepEqual((await shown()).grants[0].access.toSorted(), ["history", "read", "write"]);
  await press(page, "Change access to production");
  await press(page, "Revoke access");
  assert.match(await endAccess(page, "Revoke production from deploy?", "Revoke access"), /KEY/);
  assert.deepEqual((await shown()).grants, []);
  assert.equal(await pulled(t, token), "refused: refused", "what is not granted looks like what is not there");

  await open(page, "Groups");
  await page.getByRole("tab", { name: "Matrix" }).click();
  await press(page, "deploy on production: no access");
  await dialog(page, "deploy on production").getByRole("button", { name: "Grant access" }).click();
  await dialogClosed(page);
  assert.deepEqual(await pulled(t, token), { KEY: "made up" });
  await press(page, "deploy on production: read");
  await press(page, "Revoke access");
  await endAccess(page, "Revoke production from deploy?", "Revoke access");
  assert.equal(await pulled(t, token), "refused: refused", "what is not granted looks like what is not there");

  await openGroup(page, "deploy");
  await press(page, "Delete group");
  await endAccess(page, "Delete deploy?", "Delete group", "deploy");
  await seesPage(page, "Groups");
  assert.deepEqual((await cli.json(["group", "list"])).map((/** @type {any} */ { name }) => name), ["admins"]);
  await cli.ok(["org", "verify"]);
});

test("every action on a profile", async (t) => {
  const { cli, page } = await scene(t);
  const profile = "production";
  const at = ["--profile", profile];
  await createProfile(page, "draft");
  await choose(page, "Actions for draft", "Rename");
  await dialog(page, "Rename draft").getByLabel("Name").fill(profile);
  await dialog(page).getByRole("button", { name: "Rename", exact: true }).click();
  await seesPage(page, profile);
  assert.deepEqual((await cli.json(["profile", "list"])).map((/** @type {any} */ { name }) => name), [profile]);
  await addSecret(page, { name: "KEY", value: "one" });
  await saveDraft(page);
  const { revision: early } = await cli.json(["profile", "show", profile]);

  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["DROPPED='from a file'\n"], ".env"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await dialog(page, "Import a dotenv file").getByRole("button", { name: "Import 1 secret" }).click();
  await dialogClosed(page);
  assert.deepEqual(await cli.pull(profile), { DROPPED: "from a file", KEY: "one" });

  // A file that is chosen, and text that is pasted over it; a line that is none is named.
  await press(page, "Import");
  const form = dialog(page, "Import a dotenv file");
  await form.getByLabel("Dotenv file").setInputFiles({ name: "chosen.env", mimeType: "text/plain", buffer: Buffer.from("CHOSEN=1\nno assignment\n") });
  await form.getByRole("button", { name: "Look at what it would do" }).click();
  await form.getByText(/line 2/i).waitFor();
  await form.getByLabel("Or paste it").fill("CHOSEN=1\nPASTED=2\n");
  await form.getByRole("button", { name: "Look at what it would do" }).click();
  await form.getByRole("button", { name: "Import 2 secrets" }).click();
  await dialogClosed(page);
  assert.deepEqual(await cli.pull(profile), { CHOSEN: "1", DROPPED: "from a file", KEY: "one", PASTED: "2" });

  // A random value instead of one of them, and the other one gone, in one revision.
  await press(page, "CHOSEN");
  await dialog(page, "CHOSEN").getByRole("button", { name: "Give a new value" }).click();
  await dialog(page).getByText("Generate a random value").click();
  await dialog(page).getByRole("button", { name: "Generate", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Keep change" }).click();
  await dialogClosed(page);
  await page.getByLabel("Select PASTED").check();
  await press(page, "Delete");
  await saveDraft(page);
  const made = await cli.pull(profile);
  assert.ok((made["CHOSEN"] ?? "").length >= 16 && !("PASTED" in made));
  await page.getByLabel("Select CHOSEN").check();
  await press(page, "Delete");
  await saveDraft(page);

  await press(page, "KEY");
  await dialog(page, "KEY").getByRole("button", { name: "Give a new value" }).click();
  await dialog(page).getByLabel("Value", { exact: true }).fill("two");
  await dialog(page).getByLabel(/^Note/).fill("changed by hand");
  await dialog(page).getByRole("button", { name: "Keep change" }).click();
  await dialogClosed(page);
  await saveDraft(page);
  assert.equal(await cli.ok(["secret", "get", "KEY", ...at]), "two");
  await page.getByRole("row").filter({ hasText: "changed by hand" }).waitFor();
  await press(page, "Show the value of KEY");
  assert.equal(await page.locator("code.value-line").innerText(), "two");

  const { revision: newest } = await cli.json(["profile", "show", profile]);
  await page.getByRole("tab", { name: "History" }).click();
  await press(page, "Compare two");
  const compared = dialog(page, `Compare revisions of ${profile}`);
  for (const [revision, value] of [[newest - 1, "one"], [newest, "two"]]) {
    await compared.getByRole("button", { name: `Show the value of KEY at revision ${revision}` }).click();
    assert.equal(await compared.getByRole("group", { name: `the value of KEY at revision ${revision}` }).innerText(), value);
  }
  await compared.locator("footer").getByRole("button", { name: "Close" }).click();
  await choose(page, `Actions for revision ${early}`, "Restore this revision");
  await dialog(page, `Restore revision ${early}?`).getByRole("button", { name: `Restore revision ${early}`, exact: true }).click();
  await dialogClosed(page);
  assert.deepEqual(await cli.pull(profile), { KEY: "one" });

  await page.getByRole("tab", { name: "Secrets" }).click();
  await press(page, "KEY");
  await dialog(page, "KEY").getByRole("button", { name: "History", exact: true }).click();
  await dialog(page, "History of KEY").getByRole("button", { name: "Roll back to version 2" }).click();
  await dialog(page, "Roll KEY back to version 2?").getByRole("button", { name: "Roll back", exact: true }).click();
  await dialogClosed(page);
  assert.deepEqual(await cli.pull(profile), { KEY: "two" });

  await page.getByLabel("Select KEY").check();
  await press(page, "Delete");
  await saveDraft(page);
  assert.deepEqual(await cli.pull(profile), {});
  await page.getByRole("tab", { name: "Deleted" }).click();
  await press(page, "Bring back KEY");
  await page.getByRole("button", { name: "Bring back KEY" }).waitFor({ state: "hidden" });
  assert.deepEqual(await cli.pull(profile), { KEY: "two" });

  const { epoch } = await cli.json(["profile", "show", profile]);
  await choose(page, `Actions for ${profile}`, "Rotate key");
  await dialog(page, `Rotate the key of ${profile}?`).getByRole("button", { name: "Rotate key", exact: true }).click();
  await dialogClosed(page);
  assert.equal((await cli.json(["profile", "show", profile])).epoch, epoch + 1);
  assert.deepEqual(await cli.pull(profile), { KEY: "two" });

  await openProfile(page, profile);
  await choose(page, `Actions for ${profile}`, "Delete profile");
  await dialog(page, `Delete ${profile}?`).getByRole("textbox").fill(profile);
  await dialog(page).getByRole("button", { name: "Delete profile", exact: true }).click();
  await seesPage(page, "Profiles");
  assert.deepEqual(await cli.json(["profile", "list"]), []);
  await cli.ok(["org", "verify"]);
});
