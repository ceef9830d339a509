/** The files that hold keys are those that the page was built with: an altered worker, or an altered wasm module, does not start and says so. */
import assert from "node:assert/strict";
import test from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { lock, openTab, organizationOn, seesPage, seesShell, signInAgain, startServer, startWire } from "./harness.mjs";
import { byBrowser, trySignIn } from "./harness/liar.mjs";

/** @typedef {import("./harness/wire.mjs").Exchange} Exchange */

const WORKER = /\/assets\/worker-[^/]+\.js$/;
const MODULE = /\/assets\/[^/]+\.wasm$/;
const API = /\/v1\//;
const NOT_STARTED = /^The console's cryptography did not start: .* Reload the page\. .* work with the command line/;
/** What the browser says on its console of bytes that are not those of the hash, and of what failed with them. */
const REFUSED = /integrity|Failed to load resource|Fetch API cannot load/i;

/**
 * An owner who can sign in through a wire.
 * @param {import("node:test").TestContext} t
 */
async function scene(t) {
  const wire = await startWire(t);
  const server = await startServer(t, { wire });
  const { owner } = await organizationOn(t, server);
  /** What a browser asked for. @param {RegExp} path */
  const asked = (path) => wire.exchanges.filter((exchange) => byBrowser(exchange) && path.test(exchange.path)).length;
  return { wire, server, owner, asked };
}

/**
 * Sends another file in a file's place: the same bytes and some more, as they would be served.
 * @param {Exchange} exchange
 * @param {string} more
 */
function altered(exchange, more) {
  const at = exchange.responseHeaders.findIndex((header, place) => place % 2 === 0 && /^content-encoding$/i.test(header));
  const [, coding] = at < 0 ? [] : exchange.responseHeaders.splice(at, 2);
  const plain = coding === "br" ? brotliDecompressSync(exchange.responseBody) : coding === "gzip" ? gunzipSync(exchange.responseBody) : exchange.responseBody;
  return Buffer.concat([plain, Buffer.from(more)]);
}

test("the worker is made of bytes that the page verified, and the server is not asked again", async (t) => {
  const { wire, server, owner, asked } = await scene(t);
  const tab = await openTab(t, server);
  await trySignIn(tab, owner);
  await seesShell(tab.page);
  const [worker, ...others] = tab.page.workers();
  assert.match(worker?.url() ?? "", /^blob:/);
  assert.equal(others.length, 0);
  assert.equal(asked(WORKER), 1);
  // Whatever the server hands out from now on, the next worker of this page is the same.
  wire.alter = (exchange) => (WORKER.test(exchange.path) ? "throw new Error('altered')" : undefined);
  await lock(tab);
  await signInAgain(tab, owner.password);
  await seesShell(tab.page);
  assert.equal(asked(WORKER), 1);
});

test("an altered worker does not start and says so", async (t) => {
  const { wire, server, owner, asked } = await scene(t);
  wire.alter = (exchange) => (WORKER.test(exchange.path) ? altered(exchange, "\nfetch('/v1/stolen');") : undefined);
  const tab = await openTab(t, server);
  tab.expect(REFUSED);
  await trySignIn(tab, owner);
  await tab.page.getByText(NOT_STARTED).first().waitFor();
  assert.ok(asked(WORKER) > 0);
  assert.equal(tab.page.workers().length, 0);
  assert.equal(asked(API), 0, "nothing is sent");
  // The right one is believed, in the same page.
  wire.alter = undefined;
  await tab.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await seesShell(tab.page);
});

test("an altered wasm module does not start and says so", async (t) => {
  const { wire, server, owner, asked } = await scene(t);
  // A custom section, which changes nothing that runs: still another file.
  wire.alter = (exchange) => (MODULE.test(exchange.path) ? altered(exchange, "\0\u0002\u0001x") : undefined);
  const tab = await openTab(t, server);
  tab.expect(REFUSED);
  await trySignIn(tab, owner);
  await tab.page.getByText(NOT_STARTED).first().waitFor();
  assert.ok(asked(MODULE) > 0);
  assert.equal(asked(API), 0, "nothing is sent");
  wire.alter = undefined;
  await tab.page.reload();
  await seesPage(tab.page, "Sign in");
  await trySignIn(tab, owner);
  await seesShell(tab.page);
});

test("a worker that does not come says so", async (t) => {
  const { wire, server, owner } = await scene(t);
  wire.alter = (exchange) => {
    if (WORKER.test(exchange.path)) {
      exchange.status = 404;
      return "not found";
    }
    return undefined;
  };
  const tab = await openTab(t, server);
  tab.expect(REFUSED);
  await trySignIn(tab, owner);
  await tab.page.getByText(NOT_STARTED).first().waitFor();
});
