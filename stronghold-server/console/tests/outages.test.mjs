/** What is no lie: refusals and outages are plain errors beside what they stopped, never the red screen, and nothing typed is lost. */
import assert from "node:assert/strict";
import test from "node:test";
import { dialog, dialogClosed, open, openProfile, openTab, seesPage, seesShell, signIn } from "./harness.mjs";
import { byBrowser, push, scene, trySignIn } from "./harness/liar.mjs";

/** @typedef {import("./harness/liar.mjs").Scene} Scene */

/** How somebody between, or the server itself, cannot or will not answer. */
const OUTAGES = /** @type {const} */ ({
  "503 of the server": { status: 503, body: JSON.stringify({ type: "urn:stronghold:problem:unavailable", title: "The server cannot serve now", status: 503, code: "unavailable", detail: "try again later" }) },
  "503 of something before it": { status: 503, body: "<html><body><h1>503 Service Unavailable</h1></body></html>" },
  "502 without a body": { status: 502, body: "" },
  "401": { status: 401, body: JSON.stringify({ type: "urn:stronghold:problem:unauthenticated", title: "Not authenticated", status: 401, code: "unauthenticated", detail: "check that the token is complete" }) },
  "403": { status: 403, body: JSON.stringify({ type: "urn:stronghold:problem:forbidden", title: "Not allowed", status: 403, code: "forbidden", detail: "your role may not" }) },
  "no connection": { status: 0, body: "" },
});

/** Answers every request to the interface with an outage. @param {Scene} it @param {keyof typeof OUTAGES} outage @param {RegExp} [path] */
function breakDown({ wire }, outage, path = /^\/v1\//) {
  const { status, body } = OUTAGES[outage];
  wire.alter = (exchange) => {
    if (!path.test(exchange.path) || !byBrowser(exchange)) {
      return undefined;
    }
    if (status === 0) {
      throw new Error("the connection breaks");
    }
    exchange.status = status;
    exchange.responseHeaders = ["content-type", body.startsWith("{") ? "application/problem+json" : "text/html"];
    return body;
  };
}

test("refusals and outages are plain errors beside what they stopped, and pass", async (t) => {
  const it = await scene(t);
  for (const outage of /** @type {(keyof typeof OUTAGES)[]} */ (Object.keys(OUTAGES))) {
    await t.test(outage, async (t) => {
      const tab = await openTab(t, it.server);
      const { page } = tab;
      tab.expect(/Failed to load resource/);
      const plain = async () => assert.equal(await page.locator("main.integrity").count(), 0, "it is no integrity screen");
      breakDown(it, outage);
      await trySignIn(tab, it.owner);
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await plain();
      await seesPage(page, "Sign in");
      it.wire.alter = undefined;
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await seesShell(page);
      breakDown(it, outage);
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Profiles" }).click();
      await page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
      await plain();
      // Once it answers again, that is seen without signing in again.
      it.wire.alter = undefined;
      await open(page, "Agents");
      await page.getByText(/The server (refuses|cannot be reached)/).waitFor({ state: "hidden" });
      await openProfile(page, "production");
      const name = `TYPED_${outage.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
      await page.getByRole("button", { name: "Add secret" }).click();
      const editor = dialog(page, "Add secret");
      await editor.getByLabel("Name", { exact: true }).fill(name);
      await editor.getByLabel("Value", { exact: true }).fill("typed");
      await editor.getByRole("button", { name: "Add to changes" }).click();
      await dialogClosed(page);
      breakDown(it, outage);
      const bar = page.getByRole("region", { name: "Changes that are not saved" });
      await bar.getByRole("button", { name: "Save", exact: true }).click();
      await bar.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await plain();
      it.wire.alter = undefined;
      // The draft is there still, and saved with the next press.
      await bar.getByRole("button", { name: "Save", exact: true }).click();
      await bar.waitFor({ state: "hidden" });
      assert.equal((await it.cli.pull("production"))[name], "typed");
      await plain();
    });
  }
});

test("saving that fails after a choice between theirs and yours says so, and keeps yours", async (t) => {
  const it = await scene(t);
  const tab = await openTab(t, it.server);
  const { page } = tab;
  tab.expect(/Failed to load resource/);
  await signIn(tab, it.owner);
  await openProfile(page, "production");
  await page.getByRole("button", { name: "PASSWORD", exact: true }).click();
  await dialog(page, "PASSWORD").getByRole("button", { name: "Give a new value" }).click();
  await dialog(page, "PASSWORD").getByLabel("Value", { exact: true }).fill("mine");
  await dialog(page, "PASSWORD").getByRole("button", { name: "Keep change" }).click();
  await dialogClosed(page);
  await push(it.cli, { PASSWORD: "theirs" });
  const bar = page.getByRole("region", { name: "Changes that are not saved" });
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("radio", { name: "Keep yours" }).check();
  breakDown(it, "503 of the server");
  await page.getByRole("region", { name: "The profile changed before you saved" }).getByRole("button", { name: "Save", exact: true }).click();
  await bar.getByRole("alert").filter({ hasText: /./ }).waitFor();
  it.wire.alter = undefined;
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await bar.waitFor({ state: "hidden" });
  assert.equal((await it.cli.pull("production"))["PASSWORD"], "mine");
});
