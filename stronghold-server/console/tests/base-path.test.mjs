/** The console under a path of its host, whether the proxy in front takes that off or leaves it. */
import assert from "node:assert/strict";
import test from "node:test";
import { addSecret, agentCli, createProfile, dialog, dialogClosed, grant, lock, openGroup, openTab, randomWord, saveDraft, signInAgain, signUp, startServer, startWire } from "./harness.mjs";

for (const strips of [true, false]) {
  test(`from an empty server to a pulled secret below a path that the proxy ${strips ? "takes off" : "leaves"}`, async (t) => {
    const wire = await startWire(t, { base: "/teams/stronghold", strips });
    const server = await startServer(t, { wire });
    const tab = await openTab(t, server);
    const { page } = tab;
    const owner = await signUp(tab, server);
    await page.getByRole("button", { name: "Create agent", exact: true }).click();
    const form = dialog(page, "Create agent");
    await form.getByLabel("Name", { exact: true }).fill("CI");
    await form.getByRole("button", { name: "New group" }).click();
    await form.getByLabel("New group").fill("deploy");
    await page.keyboard.press("Enter");
    await form.getByLabel("deploy", { exact: true }).waitFor();
    await form.getByRole("button", { name: "Create", exact: true }).click();
    await dialog(page, "Token of CI").getByRole("button", { name: "Copy token" }).click();
    await page.getByRole("status", { name: "Announcements" }).getByText("Token copied").waitFor();
    const token = await tab.copied();
    await dialog(page).getByLabel("I have kept the token").check();
    await dialog(page).getByRole("button", { name: "Done", exact: true }).click();
    await dialogClosed(page);
    const value = randomWord();
    await createProfile(page, "production");
    await addSecret(page, { name: "KEY", value });
    await saveDraft(page);
    await openGroup(page, "deploy");
    await grant(page, "production");
    // The token knows the path.
    const agent = await agentCli(t, token);
    assert.deepEqual(await agent.pull("production"), { KEY: value });
    await lock(tab);
    await signInAgain(tab, owner.password);
    const outside = wire.exchanges.filter(({ path }) => !path.startsWith("/teams/stronghold/"));
    assert.deepEqual(outside.map(({ path }) => path), [], "nothing is asked outside the path");
  });
}
