/** A log that is longer than a page: all of it can be reached, the chart counts what was read, and what is exported is what the command line exports. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { Agent } from "stronghold-wasm";
import { afterwards, agentCli, choose, open, openTab, organizationOn, signIn, startServer } from "./harness.mjs";

const READS = 60;
/** How many records the log gives out at once. */
const PAGE_OF_THE_LOG = 2000;

test("more than a page of records is loaded, counted and exported", async (t) => {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  await cli.ok(["profile", "create", "production"]);
  await cli.ok(["env", "push", "--profile", "production", "-"], { input: "API_KEY=k\n" });
  await cli.ok(["group", "create", "deploy"]);
  await cli.ok(["group", "grant", "deploy", "production"]);
  const { token } = await cli.json(["agent", "create", "CI pipeline", "--group", "deploy"]);
  const agent = await agentCli(t, token);
  // Two records each: which profiles there are, and the read.
  for (let read = 0; read < READS; read += 1) {
    await agent.ok(["env", "pull", "--profile", "production"]);
    await agent.ok(["profile", "list"]);
  }
  const all = (await cli.json(["audit", "list", "--limit", "5000", "--agent", "CI pipeline"])).length;
  assert.ok(all > 100, `one page is not enough for ${all} records`);

  const tab = await openTab(t, server);
  await signIn(tab, owner);
  const { page } = tab;
  await open(page, "Audit");
  const shows = (/** @type {number} */ count) => page.getByText(new RegExp(`^${count} records?, newest first`)).waitFor();
  await page.getByLabel("Who", { exact: true }).selectOption({ label: "CI pipeline" });
  await page.getByLabel("Action", { exact: true }).selectOption({ label: "All, with upkeep" });
  await shows(100);
  await page.getByRole("button", { name: "Load more", exact: true }).click();
  await shows(all);
  await page.getByText("This is the beginning of the log").waitFor();

  const chart = page.getByRole("figure", { name: /^Reads by agents per hour/ });
  await chart.getByRole("img", { name: new RegExp(`^${READS} reads by 1 agent`) }).waitFor();
  await chart.getByText("Show as a table").click();
  const sums = await chart.getByRole("row").evaluateAll((rows) => rows.map((row) => Number(row.lastElementChild?.textContent)).filter((sum) => !Number.isNaN(sum)));
  assert.equal(sums.reduce((sum, each) => sum + each, 0), READS, "the table sums up to the reads");

  const exported = async (/** @type {string} */ item) => {
    const [download] = await Promise.all([page.waitForEvent("download"), choose(page, "Export what is shown", item)]);
    return (await readFile(await download.path(), "utf8")).trimEnd().split("\n").sort();
  };
  const theirs = async (/** @type {string} */ format) => (await cli.ok(["audit", "export", "--agent", "CI pipeline", "--format", format])).trimEnd().split("\n").sort();
  assert.deepEqual(await exported("CSV"), await theirs("csv"));
  const parsed = (/** @type {string[]} */ lines) => lines.map((line) => JSON.parse(line)).sort((a, b) => a.position - b.position);
  assert.deepEqual(parsed(await exported("JSON Lines")), parsed(await theirs("jsonl")));
});

test("what is rare is found however far back it is", async (t) => {
  const server = await startServer(t);
  const { owner, cli } = await organizationOn(t, server);
  await cli.ok(["group", "create", "deploy"]);
  const { token } = await cli.json(["agent", "create", "CI pipeline", "--group", "deploy"]);
  const agent = Agent.fromToken(token);
  afterwards(t, () => agent.close());
  for (let asked = 0; asked <= PAGE_OF_THE_LOG; asked += 20) {
    await Promise.all(Array.from({ length: 20 }, () => agent.profiles()));
  }
  const tab = await openTab(t, server);
  await signIn(tab, owner);
  const { page } = tab;
  await open(page, "Audit");
  await page.getByLabel("Action", { exact: true }).selectOption({ label: "Created the organization" });
  await page.getByText(/^1 record, newest first/).waitFor();
  await page.getByText("This is the beginning of the log").waitFor();
  const [created] = await cli.json(["audit", "list", "--action", "org.create"]);
  assert.deepEqual([created.position, created.signed], [0, false]);
  await page.getByRole("table", { name: "Audit records" }).getByRole("button").first().click();
  await page.getByRole("dialog").getByText("Nobody signed this").waitFor();
  await page.getByRole("dialog").getByText(created.event_id, { exact: true }).waitFor();
});
