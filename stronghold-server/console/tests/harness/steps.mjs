/** What a person does in the console, found as a person finds it: by roles and labels. */
import { randomBytes } from "node:crypto";
import { Cli } from "./cli.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * Somebody who can sign in.
 * @typedef {object} Person
 * @property {string} email
 * @property {string} password
 * @property {string} accountKey
 * @property {string} recoveryKit
 */

/** A word that nothing else holds: to be found again, or to be found nowhere. */
export function randomWord(bytes = 15) {
  return randomBytes(bytes).toString("base64url").replaceAll("-", "x").replaceAll("_", "y");
}

/** @param {string} name */
const exactly = (name) => ({ name, exact: true });

/**
 * The dialog that is open.
 * @param {Page} page
 * @param {string | RegExp} [title]
 */
export function dialog(page, title) {
  return title === undefined ? page.getByRole("dialog") : page.getByRole("dialog", typeof title === "string" ? exactly(title) : { name: title });
}

/**
 * Waits until a page of the console is shown.
 * @param {Page} page
 * @param {string | RegExp} title
 */
export async function seesPage(page, title) {
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
}

/**
 * Waits until no dialog is open.
 * @param {Page} page
 */
export async function dialogClosed(page) {
  await page.getByRole("dialog").waitFor({ state: "hidden" });
}

/**
 * Waits until nothing is being loaded any more.
 * @param {Page} page
 */
export async function loaded(page) {
  // The first of those that are left, until none is.
  await page.getByRole("status", { name: /Loading|Reading/ }).first().waitFor({ state: "hidden" });
}

/**
 * Sets an organization up with the setup code, keeps kit and account key, and goes on to the agents.
 * @param {import("./browser.mjs").Tab} tab
 * @param {import("./server.mjs").Server} server
 * @param {{ organization?: string, email?: string, password?: string }} [who]
 * @returns {Promise<Person>}
 */
export async function signUp({ page }, server, { organization = "Acme", email = "owner@acme.example", password = randomWord() } = {}) {
  await page.goto(`${server.url}/#/sign-up`);
  await page.getByLabel("Organization", { exact: true }).fill(organization);
  await page.getByLabel("Your e-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Password again").fill(password);
  await page.getByLabel("Setup code").fill(server.setupCode);
  await page.getByRole("button", exactly("Set up")).click();
  const kept = await keepSheet(page);
  await page.getByRole("button", exactly("Go on to the agents")).click();
  await seesPage(page, "Agents");
  return { email, password, ...kept };
}

/**
 * Reads recovery kit and account key from the sheet, and says that they were kept.
 * @param {Page} page
 */
export async function keepSheet(page) {
  await seesPage(page, "Keep these two");
  const [recoveryKit, accountKey] = await Promise.all(["Recovery kit", "Account key"].map((name) => page.getByRole("region", exactly(name)).getByRole("status").innerText()));
  await page.getByLabel(/^I have printed or saved both/).check();
  return { recoveryKit: recoveryKit ?? "", accountKey: accountKey ?? "" };
}

/**
 * Signs in on a device that remembers nothing.
 * @param {import("./browser.mjs").Tab} tab
 * @param {Person} person
 * @param {{ remember?: boolean }} [options]
 */
export async function signIn({ page }, { email, password, accountKey }, { remember = true } = {}) {
  await seesPage(page, "Sign in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Account key", { exact: true }).fill(accountKey);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Remember the account key on this device").setChecked(remember);
  await page.getByRole("button", exactly("Sign in")).click();
  await seesShell(page);
}

/**
 * Signs in where the device remembers the account key.
 * @param {import("./browser.mjs").Tab} tab
 * @param {string} password
 */
export async function signInAgain({ page }, password) {
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", exactly("Sign in")).click();
  await seesShell(page);
}

/**
 * Waits until somebody is signed in.
 * @param {Page} page
 */
export async function seesShell(page) {
  await page.getByRole("navigation", exactly("Pages")).waitFor();
}

/**
 * Locks by the menu of the account.
 * @param {import("./browser.mjs").Tab} tab
 */
export async function lock({ page }) {
  await page.getByRole("button", { name: /^Account of / }).click();
  await page.getByRole("menuitem", exactly("Lock")).click();
  await seesPage(page, "Sign in");
}

/**
 * Goes to a page by its link in the navigation.
 * @param {Page} page
 * @param {"Agents" | "Profiles" | "Groups" | "People" | "Audit" | "Organization"} name
 */
export async function open(page, name) {
  await page.getByRole("navigation", exactly("Pages")).getByRole("link", exactly(name)).click();
  await seesPage(page, name);
}

/**
 * Chooses from a menu.
 * @param {Page} page
 * @param {string} menu the name of its button
 * @param {string} item
 */
export async function choose(page, menu, item) {
  await page.getByRole("button", exactly(menu)).click();
  await page.getByRole("menuitem", exactly(item)).click();
}

/**
 * Creates a profile, and is then on its page.
 * @param {Page} page
 * @param {string} name
 */
export async function createProfile(page, name) {
  await open(page, "Profiles");
  await page.getByRole("button", exactly("Create profile")).click();
  await dialog(page, "Create profile").getByLabel("Name").fill(name);
  await dialog(page).getByRole("button", exactly("Create")).click();
  await seesPage(page, name);
}

/**
 * Opens a profile by its row.
 * @param {Page} page
 * @param {string} name
 */
export async function openProfile(page, name) {
  await open(page, "Profiles");
  await page.getByRole("link", exactly(name)).click();
  await seesPage(page, name);
}

/**
 * Adds a secret to the draft of the profile that is open.
 * @param {Page} page
 * @param {{ name: string, value: string, note?: string }} secret
 */
export async function addSecret(page, { name, value, note }) {
  await page.getByRole("button", exactly("Add secret")).click();
  const editor = dialog(page, "Add secret");
  await editor.getByLabel("Name", { exact: true }).fill(name);
  await editor.getByLabel("Value", { exact: true }).fill(value);
  if (note !== undefined) {
    await editor.getByLabel(/^Note/).fill(note);
  }
  await editor.getByRole("button", exactly("Add to changes")).click();
  await dialogClosed(page);
}

/**
 * Saves the draft.
 * @param {Page} page
 */
export async function saveDraft(page) {
  const bar = page.getByRole("region", exactly("Changes that are not saved"));
  await bar.getByRole("button", exactly("Save")).click();
  await bar.waitFor({ state: "hidden" });
}

/**
 * Creates a group, and is then on its page.
 * @param {Page} page
 * @param {string} name
 */
export async function createGroup(page, name) {
  await open(page, "Groups");
  await page.getByRole("button", exactly("Create group")).click();
  await dialog(page, "Create group").getByLabel("Name").fill(name);
  await dialog(page).getByRole("button", exactly("Create")).click();
  await seesPage(page, name);
}

/**
 * Opens a group by its row.
 * @param {Page} page
 * @param {string} name
 */
export async function openGroup(page, name) {
  await open(page, "Groups");
  await page.getByRole("link", exactly(name)).click();
  await seesPage(page, name);
}

/**
 * Grants a profile to the group that is open.
 * @param {Page} page
 * @param {string} profile
 * @param {{ write?: boolean, history?: boolean }} [access]
 */
export async function grant(page, profile, { write = false, history = false } = {}) {
  await page.getByRole("button", exactly("Grant a profile")).click();
  await dialog(page, /^Which profile for /).getByRole("button", exactly(profile)).click();
  const access = dialog(page, new RegExp(` on `));
  await access.getByLabel("Write", { exact: true }).setChecked(write);
  await access.getByLabel("History", { exact: true }).setChecked(history);
  await access.getByRole("button", exactly("Grant access")).click();
  await dialogClosed(page);
}

/**
 * Creates an agent from the page of the agents; gives its token, which is then dismissed.
 * @param {Page} page
 * @param {string} name
 * @param {{ groups?: string[] }} [options]
 */
export async function createAgent(page, name, { groups = [] } = {}) {
  await open(page, "Agents");
  await page.getByRole("button", exactly("Create agent")).click();
  const form = dialog(page, "Create agent");
  await form.getByLabel("Name", { exact: true }).fill(name);
  for (const group of groups) {
    await form.getByLabel(group, { exact: true }).check();
  }
  await form.getByRole("button", exactly("Create")).click();
  return keepToken(page, name);
}

/**
 * Reads the token from its dialog, and dismisses it.
 * @param {Page} page
 * @param {string} name the agent's
 */
export async function keepToken(page, name) {
  const shown = dialog(page, `Token of ${name}`);
  const token = await shown.getByRole("region", exactly("Token")).getByRole("status").innerText();
  await shown.getByLabel("I have kept the token").check();
  await shown.getByRole("button", exactly("Done")).click();
  await shown.waitFor({ state: "hidden" });
  return token;
}

/**
 * Invites somebody from the page of the people; gives the code, which is then dismissed.
 * @param {Page} page
 * @param {string} email
 * @param {{ role?: "Owner" | "Admin" | "Editor" | "Auditor", groups?: string[] }} [options]
 */
export async function invite(page, email, { role = "Editor", groups = [] } = {}) {
  await open(page, "People");
  await page.getByRole("button", exactly("Invite")).first().click();
  const form = dialog(page, "Invite somebody");
  await form.getByLabel("E-mail address").fill(email);
  await form.getByRole("radio", exactly(role)).check();
  for (const group of groups) {
    await form.getByLabel(group, { exact: true }).check();
  }
  await form.getByRole("button", exactly("Invite")).click();
  const shown = dialog(page, `Invitation of ${email}`);
  const code = await shown.getByRole("region", exactly("Invitation code")).getByRole("status").innerText();
  await shown.getByLabel(/^I have passed the code on/).check();
  await shown.getByRole("button", exactly("Done")).click();
  await shown.waitFor({ state: "hidden" });
  return code;
}

/**
 * Accepts an invitation on another device, and keeps kit and account key.
 * @param {import("./browser.mjs").Tab} tab
 * @param {{ code: string, email: string, password?: string }} invitation
 * @returns {Promise<Person>}
 */
export async function accept(tab, { code, email, password = randomWord() }) {
  const { page } = tab;
  await tab.go("accept");
  await page.getByLabel("Invitation code").fill(code);
  await page.getByLabel("Your e-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByLabel("Password again").fill(password);
  await page.getByRole("button", exactly("Accept")).click();
  const kept = await keepSheet(page);
  await page.getByRole("button", exactly("I have them: go on")).click();
  await seesPage(page, "Nearly there");
  const fingerprint = await page.locator("code.new-keys").innerText();
  return { email, password, fingerprint, ...kept };
}

/**
 * Confirms whoever accepted an invitation; with a fingerprint only after it was shown.
 * @param {Page} page
 * @param {string} email
 * @param {string} [fingerprint]
 */
export async function confirm(page, email, fingerprint) {
  // An acceptance is nobody's change of the directory: the page shows it when it is asked to.
  await open(page, "Agents");
  await open(page, "People");
  await page.getByRole("row", { name: email }).getByRole("button", exactly("Confirm")).click();
  if (fingerprint !== undefined) {
    await dialog(page, `Confirm ${email}?`).getByText(fingerprint, { exact: true }).waitFor();
  }
  await dialog(page, `Confirm ${email}?`).getByRole("button", exactly("Confirm")).click();
  await dialogClosed(page);
  await page.getByRole("row", { name: email }).getByText("Member", { exact: true }).filter({ visible: true }).waitFor();
}

/**
 * Sets a new password with the recovery kit on a device that knows nothing; is signed in afterwards.
 * @param {import("./browser.mjs").Tab} tab
 * @param {Person} person
 * @param {string} [password] the new one
 * @returns {Promise<Person>} with the new password and account key
 */
export async function recover(tab, person, password = randomWord()) {
  const { page } = tab;
  await tab.go("recover");
  await page.getByLabel("Recovery kit").fill(person.recoveryKit);
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password again").fill(password);
  await page.getByRole("button", exactly("Set the new password")).click();
  await seesPage(page, "Your new account key");
  const accountKey = await page.getByRole("region", exactly("Account key")).getByRole("status").innerText();
  await page.getByLabel("I have kept the account key").check();
  await page.getByRole("button", exactly("Done")).click();
  await seesShell(page);
  return { ...person, password, accountKey };
}

/**
 * Opens an agent by its row.
 * @param {Page} page
 * @param {string} name
 */
export async function openAgent(page, name) {
  await open(page, "Agents");
  await page.getByRole("link", exactly(name)).click();
  await seesPage(page, new RegExp(name));
}

/**
 * An organization that the command line has made, with its owner signed in there: quicker than in the page, for tests of something else.
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 * @param {{ organization?: string, email?: string }} [options]
 * @returns {Promise<{ owner: Person, cli: Cli }>}
 */
export async function organizationOn(t, server, { organization = "Acme", email = "owner@acme.example" } = {}) {
  const password = randomWord();
  const cli = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: password });
  const made = await cli.json(["org", "create", organization, "--setup-code-file", server.setupCodeFile, "--email", email]);
  return { owner: { email, password, accountKey: made.account_key, recoveryKit: made.recovery_kit }, cli };
}

/**
 * The command line as an agent, with the token that a person would hand to it.
 * @param {import("node:test").TestContext} t
 * @param {string} token
 */
export async function agentCli(t, token) {
  const cli = new Cli(t);
  await cli.ok(["auth", "api-user", "--token", "-"], { input: token });
  return cli;
}

/**
 * The command line as a person.
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 * @param {Person} person
 */
export async function personCli(t, server, { email, password, accountKey }) {
  const cli = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: password });
  await cli.ok(["auth", "login", "--email", email, "--account-key", "-"], { input: accountKey });
  return cli;
}
