/** Nothing that anyone writes runs: the policy of every answer, script texts in every field, and what the page itself cannot do. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import test from "node:test";
import {
  addSecret, afterwards, agentCli, createAgent, createGroup, createProfile, dialog, dialogClosed, grant, invite, loaded, openTab, organizationOn, saveDraft, seesPage, seesShell, signUp, startServer,
} from "./harness.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./harness.mjs").Tab} Tab */

/** Texts that run where a page takes them for markup or for an address. */
const IMAGE = '<img src=x onerror="window.ran=1">';
const SCRIPT = "<script>window.ran=1</script>";
const SVG = '"><svg onload="window.ran=1">';
const ADDRESS = "javascript:window.ran=1";
const TEXTS = [IMAGE, SCRIPT, SVG, ADDRESS];
/** Names of secrets hold no equals sign, addresses no space. */
const SECRET_NAME = "<script>alert(1)</script>";
const MAIL = "<svg/onload=window.ran=1>@acme.example";

/** @param {string} name */
const exactly = (name) => ({ name, exact: true });

/**
 * Watches for anything that ran. Call the result to assert that nothing did, and that no text became markup.
 * @param {Tab} tab
 */
function watch({ page }) {
  /** @type {string[]} */
  const dialogs = [];
  page.on("dialog", (shown) => {
    dialogs.push(shown.message());
    void shown.dismiss();
  });
  return async (/** @type {string} */ where) => {
    const found = await page.evaluate(() => ({
      ran: "ran" in window,
      scripts: document.scripts.length,
      images: document.querySelectorAll("img, iframe, object, embed").length,
      handlers: document.querySelectorAll("[onload], [onerror], [onclick]").length,
      addresses: [...document.querySelectorAll("[href], [src], [action]")].filter((element) => /^\s*javascript:/i.test(element.getAttribute("href") ?? element.getAttribute("src") ?? element.getAttribute("action") ?? "")).length,
    }));
    assert.deepEqual(found, { ran: false, scripts: 1, images: 0, handlers: 0, addresses: 0 }, where);
    assert.deepEqual(dialogs, [], where);
  };
}

/**
 * The directives of a policy.
 * @param {string} policy
 */
function directives(policy) {
  return new Map(policy.split(";").map((part) => part.trim().split(/\s+/)).map(([name = "", ...values]) => [name, values]));
}

test("every answer carries the policy", async (t) => {
  const server = await startServer(t);
  const page = await fetch(server.url);
  const policy = page.headers.get("content-security-policy") ?? "";
  const html = await page.text();
  const sums = await (await fetch(`${server.url}/SHA256SUMS`)).text();
  const assets = [...sums.matchAll(/ {2}(assets\/\S+)$/gm)].map(([, name]) => String(name));
  assert.ok(assets.length >= 4, sums);
  for (const path of ["", "SHA256SUMS", ...assets]) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await fetch(`${server.url}/${path}`, { method });
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers.get("content-security-policy"), policy, `the policy of ${method} /${path}`);
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    }
  }
  const rules = directives(policy);
  const unsafe = [...rules.values()].flat().filter((value) => value.includes("unsafe"));
  assert.deepEqual(unsafe, ["'wasm-unsafe-eval'"]);
  const app = assets.find((name) => /\/app-.*\.js$/.test(name)) ?? assert.fail(sums);
  const hash = `sha384-${createHash("sha384").update(Buffer.from(await (await fetch(`${server.url}/${app}`)).arrayBuffer())).digest("base64")}`;
  assert.deepEqual(rules.get("script-src"), [`'${hash}'`, "'wasm-unsafe-eval'"]);
  assert.deepEqual([...html.matchAll(/<script[^>]*>([^<]*)/g)].map(([tag, body]) => [tag.includes(`integrity="${hash}"`), body]), [[true, ""]], "one script, by its hash, with nothing inline");
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|javascript:/i);
  assert.deepEqual(rules.get("default-src"), ["'none'"]);
  assert.deepEqual(rules.get("frame-ancestors"), ["'none'"]);
  assert.deepEqual(rules.get("base-uri"), ["'none'"]);
  assert.deepEqual(rules.get("form-action"), ["'none'"]);
  assert.deepEqual(rules.get("require-trusted-types-for"), ["'script'"]);
  assert.deepEqual(rules.get("trusted-types"), ["stronghold-worker"]);
  assert.deepEqual(rules.get("worker-src"), ["blob:"], "a worker is made of what the page verified, and of no address");
  const sources = [...rules].filter(([name]) => name.endsWith("-src") && !["script-src", "worker-src"].includes(name)).flatMap(([, values]) => values);
  assert.deepEqual([...new Set(sources)].sort(), ["'none'", "'self'"], "nothing comes from elsewhere");
});

test("script texts are shown as text wherever names go", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server);
  const { page } = tab;
  const nothingRan = watch(tab);
  await signUp(tab, server, { organization: IMAGE, email: `<b>${MAIL}` });
  await page.locator(".organization-name").getByText(IMAGE, { exact: true }).waitFor();
  await nothingRan("organization");

  await createGroup(page, SCRIPT);
  await createProfile(page, SVG);
  await nothingRan("group and profile");
  await addSecret(page, { name: SECRET_NAME, value: IMAGE, note: SVG });
  await addSecret(page, { name: ADDRESS.replace("=", ":"), value: ADDRESS, note: IMAGE });
  await nothingRan("a draft");
  await saveDraft(page);
  await page.getByText(SVG, { exact: true }).last().waitFor();
  await page.getByRole("button", { name: `Show the value of ${SECRET_NAME}`, exact: true }).click();
  await page.getByText(IMAGE, { exact: true }).first().waitFor();
  await nothingRan("secrets");
  await page.getByRole("button", exactly(SECRET_NAME)).click();
  await dialog(page, SECRET_NAME).getByRole("button", exactly("Show and edit")).click();
  assert.equal(await dialog(page).getByLabel("Value", { exact: true }).inputValue(), IMAGE);
  await nothingRan("a secret");
  await page.keyboard.press("Escape");
  await dialogClosed(page);

  await page.getByRole("button", exactly("Import")).click();
  await dialog(page).getByLabel("Or paste it").fill(`IMAGE='${IMAGE}'\nSVG='${SVG}'\nSCRIPT='${SCRIPT}'\n`);
  await dialog(page).getByRole("button", exactly("Look at what it would do")).click();
  await dialog(page).getByRole("button", exactly("Import 3 secrets")).click();
  await dialogClosed(page);
  await page.getByRole("button", { name: "Show the value of SCRIPT", exact: true }).click();
  await page.getByText(SCRIPT, { exact: true }).first().waitFor();
  await nothingRan("an import");

  await tab.go("groups");
  await page.getByRole("link", exactly(SCRIPT)).click();
  await seesPage(page, SCRIPT);
  await page.getByRole("button", exactly("Grant a profile")).click();
  await dialog(page).getByText(SVG, { exact: true }).waitFor();
  await nothingRan("a grant");
  await page.keyboard.press("Escape");
  await dialogClosed(page);
  await grant(page, SVG);
  const token = await createAgent(page, ADDRESS, { groups: [SCRIPT] });
  await nothingRan("a token");
  const agent = await agentCli(t, token);
  await agent.ok(["env", "pull", "--profile", SVG, "--format", "json", "--reason", `${IMAGE}${SCRIPT}`]);
  await tab.go("agents");
  await page.getByRole("link", exactly(ADDRESS)).click();
  await page.getByRole("table", exactly("What it read")).waitFor();
  await nothingRan("an agent");

  await invite(page, MAIL, { groups: [SCRIPT] });
  await page.getByText(MAIL, { exact: true }).first().waitFor();
  await nothingRan("people");

  await tab.go("audit");
  const reason = page.getByText(`${IMAGE}${SCRIPT}`);
  await reason.first().waitFor();
  await nothingRan("audit");
  await page.getByRole("row").filter({ has: reason }).first().getByRole("button").first().click();
  await dialog(page).getByText(`${IMAGE}${SCRIPT}`).waitFor();
  await nothingRan("an audit record");
  await page.keyboard.press("Escape");
  await dialogClosed(page);
  for (const route of ["profiles", "organization", "account", "groups"]) {
    await tab.go(route);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await loaded(page);
    await nothingRan(route);
  }
  await page.getByRole("tab", exactly("Matrix")).click();
  await page.getByRole("grid").waitFor();
  await nothingRan("the matrix");
});

test("script texts in every field are only text", async (t) => {
  const server = await startServer(t);
  const { owner } = await organizationOn(t, server);
  const tab = await openTab(t, server);
  const { page } = tab;
  // Some of these fields are sent, and refused.
  tab.expect(/Failed to load resource/);
  const nothingRan = watch(tab);
  for (const route of ["sign-up", "accept", "recover", "sign-in"]) {
    for (const text of TEXTS) {
      await tab.go(route);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await fillAll(page, text);
      await page.locator("form button[type=submit]").click();
      await page.locator(".field-error, [role=alert]").first().waitFor();
      await nothingRan(`${route} with ${text}`);
    }
  }
  // A route is a text that others choose, too.
  for (const text of TEXTS) {
    await tab.go(encodeURIComponent(text));
    await tab.go(text);
    await nothingRan(`the route ${text}`);
  }
  await page.goto(`${server.url}/`);
  await page.getByLabel("E-mail address").fill(owner.email);
  await page.getByLabel("Account key", { exact: true }).fill(owner.accountKey);
  await page.getByLabel("Password", { exact: true }).fill(owner.password);
  await page.getByRole("button", exactly("Sign in")).click();
  await seesShell(page);
  const dialogs = { agents: "Create agent", profiles: "Create profile", groups: "Create group", people: "Invite" };
  for (const [route, button] of Object.entries(dialogs)) {
    await tab.go(route);
    await page.getByRole("button", exactly(button)).first().click();
    await dialog(page).waitFor();
    await loaded(page);
    for (const summary of await dialog(page).locator("summary").all()) {
      await summary.click();
    }
    for (const text of TEXTS) {
      await fillAll(page, text);
      await nothingRan(`${button} with ${text}`);
    }
    await page.keyboard.press("Escape");
    await dialogClosed(page);
  }
  for (const route of ["audit", "account", "organization", `agents/${encodeURIComponent(IMAGE)}`, `profiles/${encodeURIComponent(SCRIPT)}`, `groups/${encodeURIComponent(SVG)}`]) {
    await tab.go(route);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await loaded(page);
    for (const text of TEXTS) {
      await fillAll(page, text);
      await nothingRan(`${route} with ${text}`);
    }
  }
});

/**
 * Types a text into every field that takes text.
 * @param {Page} page
 * @param {string} text
 */
async function fillAll(page, text) {
  const open = (await dialog(page).count()) > 0 ? dialog(page) : page.locator("main");
  for (const field of await open.locator("input:is([type=text], [type=email], [type=password], [type=search], :not([type])):visible, textarea:visible").all()) {
    await field.fill(text);
    await field.blur();
  }
}

test("the page cannot run what was not built into it", async (t) => {
  const server = await startServer(t);
  const tab = await openTab(t, server, { route: "sign-in" });
  await seesPage(tab.page, "Sign in");
  // Every attempt is told on the console, and that is what the test wants to see.
  tab.expect(/policy|Trusted|TrustedTypes|Content Security|request to another origin|ERR_|CSP/i);
  const outcomes = await tab.page.evaluate(async () => {
    const attempts = {
      innerHTML: () => void (document.createElement("div").innerHTML = "<b>x</b>"),
      outerHTML: () => void ((document.querySelector("noscript") ?? document.body).outerHTML = "<b>x</b>"),
      insertAdjacentHTML: () => document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran=1'>"),
      write: () => document.write("<script>window.ran=1</script>"),
      parse: () => new DOMParser().parseFromString("<b>x</b>", "text/html"),
      fragment: () => document.createRange().createContextualFragment("<img src=x onerror='window.ran=1'>"),
      "script text": () => void (document.createElement("script").textContent = "window.ran=1"),
      "script address": () => void (document.createElement("script").src = "data:text/javascript,window.ran=1"),
      "frame document": () => void (document.createElement("iframe").srcdoc = "<script>parent.ran=1</script>"),
      eval: () => globalThis.eval("window.ran=1"),
      Function: () => new Function("window.ran=1")(),
      timer: () => setTimeout(/** @type {any} */ ("window.ran=1")),
      "another policy": () => /** @type {any} */ (globalThis).trustedTypes.createPolicy("anything", { createHTML: String }),
      "the default policy": () => /** @type {any} */ (globalThis).trustedTypes.createPolicy("default", { createHTML: String }),
      worker: () => new Worker("data:text/javascript,1"),
    };
    /** @type {Record<string, string>} */
    const came = {};
    // Not within the debugger's own call, which may evaluate what the page may not.
    await new Promise((done) => setTimeout(() => {
      for (const [name, attempt] of Object.entries(attempts)) {
        try {
          attempt();
          came[name] = "was allowed";
        } catch (error) {
          came[name] = error instanceof Error ? error.name : String(error);
        }
      }
      done(undefined);
    }));
    return came;
  });
  assert.deepEqual(Object.entries(outcomes).filter(([, outcome]) => !["TypeError", "EvalError", "SecurityError"].includes(outcome)), []);

  const later = await tab.page.evaluate(async (directives) => {
    /** @type {Set<string>} */
    const violated = new Set();
    const told = new Promise((done) => {
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
        violated.add(effectiveDirective);
        if (directives.every((directive) => violated.has(directive))) {
          done(undefined);
        }
      });
    });
    const add = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes, text = "") => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) {
        try {
          element.setAttribute(name, value);
        } catch {
          // Trusted Types refuse it already.
        }
      }
      element.append(text);
      document.body.append(element);
      return element;
    };
    const settled = (/** @type {() => Promise<unknown>} */ attempt) => attempt().then(() => "was allowed", () => "refused");
    add("script", {}, "window.ran=1");
    add("button", { onclick: "window.ran=1" }).click();
    add("a", { href: "javascript:window.ran=1" }).click();
    add("img", { src: "https://elsewhere.example/x.png", onerror: "window.ran=1" });
    add("iframe", { src: "data:text/html,x" });
    add("link", { rel: "stylesheet", href: "https://elsewhere.example/x.css" });
    add("style", {}, "body { color: rgb(1, 2, 3) }");
    add("object", { data: "data:text/html,x" });
    const form = /** @type {HTMLFormElement} */ (add("form", { action: "https://elsewhere.example/", method: "post" }));
    form.submit();
    const fetched = await settled(() => fetch("https://elsewhere.example/"));
    const imported = await settled(() => import(/** @type {any} */ ("data:text/javascript,window.ran=1")));
    // Each kind has been refused, as the browser says, before it is asked what ran.
    await told;
    return { fetched, imported, ran: "ran" in window, styled: getComputedStyle(document.body).color === "rgb(1, 2, 3)" };
  }, ["connect-src", "form-action", "frame-src", "img-src", "script-src-elem", "style-src-elem"]);
  assert.deepEqual(later, { fetched: "refused", imported: "refused", ran: false, styled: false });
  assert.equal(new URL(tab.page.url()).origin, server.url);
});

test("no other page can frame it", async (t) => {
  const server = await startServer(t);
  const framing = http.createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>Framing</title><link rel=icon href=data:,><iframe src="${server.url}/"></iframe>`));
  framing.listen(0, "127.0.0.1");
  await once(framing, "listening");
  afterwards(t, () => framing.close() && framing.closeAllConnections());
  const { port } = /** @type {import("node:net").AddressInfo} */ (framing.address());
  const around = `http://127.0.0.1:${port}`;
  const tab = await openTab(t, /** @type {import("./harness.mjs").Server} */ ({ url: around }));
  tab.expect(/frame-ancestors|X-Frame-Options|request to another origin|Framing '/i);
  const { page } = tab;
  await page.waitForLoadState("load");
  const frame = page.frames().find((candidate) => candidate !== page.mainFrame()) ?? assert.fail("there is no frame");
  assert.match(frame.url(), /^chrome-error:/);
  assert.equal(await frame.locator("#app").count(), 0);
});
