/** The first task, from an empty server to an agent that reads a secret: with the pointer, counting clicks, and with the keyboard alone. */
import assert from "node:assert/strict";
import test from "node:test";
import { addSecret, agentCli, createProfile, dialog, dialogClosed, grant, lock, openGroup, openTab, randomWord, saveDraft, seesPage, signInAgain, signUp, startServer } from "./harness.mjs";

const MOST_CLICKS = 5;

/**
 * Counts presses of the pointer in the page from now on.
 * @param {import("./harness.mjs").Tab} tab
 * @returns {Promise<() => Promise<number>>} how many there were so far
 */
async function countClicks({ page }) {
  await page.evaluate(() => {
    const counted = /** @type {any} */ (globalThis);
    if (counted.pressed === undefined) {
      addEventListener("pointerdown", () => (counted.pressed += 1), true);
    }
    counted.pressed = 0;
  });
  return () => page.evaluate(() => /** @type {any} */ (globalThis).pressed);
}

test("from an empty server to a pulled secret, and at most five clicks to a token", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server);
  const { page } = tab;
  const owner = await signUp(tab, server);

  // Signed in for the first time, with nothing there: an agent, in a group that is made in place.
  let clicks = await countClicks(tab);
  await page.getByRole("button", { name: "Create agent", exact: true }).click();
  const form = dialog(page, "Create agent");
  // The field has the focus: nothing is clicked to type.
  await form.getByLabel("Name", { exact: true }).and(page.locator(":focus")).waitFor();
  await page.keyboard.type("CI pipeline");
  await form.getByRole("button", { name: "New group" }).click();
  await form.getByLabel("New group").fill("deploy");
  await page.keyboard.press("Enter");
  await form.getByLabel("deploy", { exact: true }).waitFor();
  assert.ok(await form.getByLabel("deploy", { exact: true }).isChecked(), "a group made in place is chosen");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await dialog(page, "Token of CI pipeline").getByRole("button", { name: "Copy token" }).click();
  await page.getByRole("status", { name: "Announcements" }).getByText("Token copied").waitFor();
  const first = await clicks();
  const token = await tab.copied();
  assert.match(token, /^stronghold_agent_/);
  await dialog(page).getByLabel("I have kept the token").check();
  await dialog(page).getByRole("button", { name: "Done", exact: true }).click();
  await dialogClosed(page);

  // What the agent shall read. The token stays the same.
  const value = `postgres://app:${randomWord()}@db.example/app?note="é #1"`;
  await createProfile(page, "production");
  await addSecret(page, { name: "DATABASE_URL", value, note: "from the database team" });
  await saveDraft(page);
  await openGroup(page, "deploy");
  await grant(page, "production");
  const agent = await agentCli(t, token);
  assert.deepEqual(await agent.pull("production"), { DATABASE_URL: value });
  assert.equal(await agent.ok(["env", "pull", "--profile", "production"]), `DATABASE_URL='${value}'\n`);

  // Signed in another time: an agent in the group that is there.
  await lock(tab);
  await signInAgain(tab, owner.password);
  await tab.go("agents");
  await seesPage(page, "Agents");
  clicks = await countClicks(tab);
  await page.getByRole("button", { name: "Create agent", exact: true }).click();
  await page.keyboard.type("nightly backup");
  await dialog(page).getByLabel("deploy", { exact: true }).check();
  await dialog(page).getByRole("button", { name: "Create", exact: true }).click();
  await dialog(page, "Token of nightly backup").getByRole("button", { name: "Copy token" }).click();
  await page.getByRole("status", { name: "Announcements" }).getByText("Token copied").waitFor();
  const second = await clicks();
  assert.deepEqual(await (await agentCli(t, await tab.copied())).pull("production"), { DATABASE_URL: value });

  t.diagnostic(`clicks from "signed in" to "token copied": ${first} with a new group, ${second} with one that is there`);
  assert.ok(first <= MOST_CLICKS && second <= MOST_CLICKS);
});

test("the whole first task without a pointer", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server);
  const { page } = tab;
  const clicks = await countClicks(tab);
  const password = randomWord();
  const press = (/** @type {string} */ key) => page.keyboard.press(key);
  const type = (/** @type {string} */ text) => page.keyboard.type(text);

  /** Moves on by Tab until something has the focus, which must then be seen. */
  const tabTo = async (/** @type {import("playwright-core").Locator} */ target) => {
    await target.waitFor();
    for (let steps = 0; steps < 60; steps += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) {
        const shown = await target.evaluate((element) => {
          // In a row of a table the whole row is framed.
          const drawn = [getComputedStyle(element), getComputedStyle(element, "::after")];
          return element.matches(":focus-visible") && drawn.some((style) => style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 1);
        });
        assert.ok(shown, "what has the focus must show it");
        return;
      }
      await press("Tab");
    }
    assert.fail(`Tab never reached ${target}`);
  };
  const button = (/** @type {string} */ name) => page.getByRole("button", { name, exact: true });
  const focused = (/** @type {import("playwright-core").Locator} */ target) => target.and(page.locator(":focus")).waitFor();

  await tabTo(page.getByRole("link", { name: "Set up an organization" }));
  await press("Enter");
  await seesPage(page, "Set up an organization");
  await focused(page.getByLabel("Organization", { exact: true }));
  await type("Acme");
  await tabTo(page.getByLabel("Your e-mail address"));
  await type("owner@acme.example");
  await tabTo(page.getByLabel("Password", { exact: true }));
  await type(password);
  await tabTo(page.getByLabel("Password again"));
  await type(password);
  await tabTo(page.getByLabel("Setup code"));
  await type(server.setupCode);
  await press("Enter");
  await seesPage(page, "Keep these two");
  await tabTo(page.getByLabel(/^I have printed or saved both/));
  await press("Space");
  await tabTo(button("Go on to the agents"));
  await press("Enter");
  await seesPage(page, "Agents");

  await press("?");
  await dialog(page, "Keyboard shortcuts").waitFor();
  await press("Escape");
  await dialogClosed(page);

  await press("g");
  await press("p");
  await seesPage(page, "Profiles");
  // The shortcut is the page's, which is there once it says what can be done.
  await button("Create profile").first().waitFor();
  await press("n");
  await focused(dialog(page, "Create profile").getByLabel("Name"));
  await type("production");
  await press("Enter");
  await seesPage(page, "production");
  // Until the profile is open there is nothing to add to.
  await button("Add secret").waitFor();
  await press("n");
  await focused(dialog(page, "Add secret").getByLabel("Name", { exact: true }));
  await type("DATABASE_URL");
  await tabTo(dialog(page).getByLabel("Value", { exact: true }));
  await type("postgres://db.example/app");
  await tabTo(button("Add to changes"));
  await press("Enter");
  await page.getByRole("region", { name: "Changes that are not saved" }).waitFor();
  await press("s");
  await page.getByRole("region", { name: "Changes that are not saved" }).waitFor({ state: "hidden" });

  await press("g");
  await press("g");
  await seesPage(page, "Groups");
  await press("n");
  await focused(dialog(page, "Create group").getByLabel("Name"));
  await type("deploy");
  await press("Enter");
  await seesPage(page, "deploy");
  await tabTo(button("Grant a profile"));
  await press("Enter");
  await tabTo(dialog(page, /^Which profile/).getByRole("button", { name: "production" }));
  await press("Enter");
  await focused(dialog(page, "deploy on production").getByRole("button", { name: "Grant access" }));
  await press("Enter");
  await dialogClosed(page);

  await press("g");
  await press("a");
  await seesPage(page, "Agents");
  await press("n");
  await focused(dialog(page, "Create agent").getByLabel("Name", { exact: true }));
  await type("CI pipeline");
  await tabTo(dialog(page).getByLabel("deploy", { exact: true }));
  await press("Space");
  await press("Enter");
  await focused(dialog(page, "Token of CI pipeline").getByRole("button", { name: "Copy token" }));
  await press("Enter");
  await page.getByRole("status", { name: "Announcements" }).getByText("Token copied").waitFor();
  const token = await tab.copied();
  // What is shown once stays until it is said to be kept.
  await press("Escape");
  await tabTo(dialog(page, "Token of CI pipeline").getByLabel("I have kept the token"));
  await press("Space");
  await tabTo(button("Done"));
  await press("Enter");
  await dialogClosed(page);
  await page.getByRole("link", { name: "CI pipeline" }).waitFor();

  assert.equal(await clicks(), 0, "no pointer was used");
  assert.deepEqual(await (await agentCli(t, token)).pull("production"), { DATABASE_URL: "postgres://db.example/app" });
});
