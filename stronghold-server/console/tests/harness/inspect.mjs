/** Looking for what must not be there: in storage, in the page, in bytes. */

/**
 * Everything that a page has kept, of every kind that a browser knows.
 * @param {import("./browser.mjs").Tab} tab
 */
export async function storageOf(tab) {
  const kept = await tab.page.evaluate(async () => {
    /** @type {Record<string, Record<string, { key: unknown, value: unknown }[]>>} */
    const databases = {};
    for (const { name = "" } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      databases[name] = {};
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store);
        const ask = (/** @type {IDBRequest} */ request) => new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        const [keys, values] = [await ask(objects.getAllKeys()), await ask(objects.getAll())];
        // What is remembered is bytes, which are text.
        const shown = values.map((/** @type {unknown} */ value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value));
        databases[name][store] = keys.map((/** @type {unknown} */ key, /** @type {number} */ at) => ({ key, value: shown[at] }));
      }
      database.close();
    }
    const files = [];
    // Chromium has it on secure origins, which 127.0.0.1 is.
    for await (const file of (await navigator.storage.getDirectory()).keys()) {
      files.push(file);
    }
    return {
      indexedDB: databases,
      localStorage: { ...localStorage },
      sessionStorage: { ...sessionStorage },
      cookies: document.cookie,
      caches: await caches.keys(),
      serviceWorkers: (await navigator.serviceWorker.getRegistrations()).map((registration) => registration.scope),
      files,
      windowName: window.name,
      historyState: history.state,
      entries: globalThis.navigation.entries().map((/** @type {any} */ entry) => ({ url: entry.url, state: entry.getState() ?? null })),
    };
  });
  return { ...kept, allCookies: await tab.context.cookies() };
}

/**
 * Everything that a page holds: its markup with all attributes, the values of fields (which markup does not show), text of shadow trees.
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string>}
 */
export async function wholePage(page) {
  return page.evaluate(() => {
    /** @type {string[]} */
    const parts = [document.title, location.href, getSelection()?.toString() ?? ""];
    const visit = (/** @type {Document | ShadowRoot} */ root) => {
      for (const element of root.querySelectorAll("*")) {
        for (const attribute of element.attributes) {
          parts.push(`${attribute.name}=${attribute.value}`);
        }
        if ("value" in element) {
          parts.push(String(element.value), String("defaultValue" in element ? element.defaultValue : ""));
        }
        if (element.shadowRoot !== null) {
          parts.push(element.shadowRoot.textContent ?? "");
          visit(element.shadowRoot);
        }
      }
    };
    visit(document);
    parts.push(document.documentElement.outerHTML, document.documentElement.textContent ?? "");
    return parts.join("\n");
  });
}

/**
 * The forms in which bytes may hide: as they are, hexadecimal, base64 and base64url at each of three offsets, base32, escaped for JSON and URLs.
 * @param {string | Uint8Array} needle
 * @returns {Buffer[]}
 */
export function hide(needle) {
  const bytes = Buffer.from(/** @type {any} */ (needle));
  const forms = new Set([bytes.toString("latin1"), bytes.toString("hex"), bytes.toString("hex").toUpperCase()]);
  for (const offset of [0, 1, 2]) {
    // At another offset the same bytes are other characters; those at the seams depend on what stands beside, and are left out.
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64").replace(/=+$/, "");
    const inner = encoded.slice(offset === 0 ? 0 : 4, bytes.length + offset <= 3 ? undefined : Math.floor((bytes.length + offset) / 3) * 4);
    forms.add(inner);
    forms.add(inner.replaceAll("+", "-").replaceAll("/", "_"));
  }
  if (typeof needle === "string") {
    forms.add(JSON.stringify(needle).slice(1, -1));
    forms.add(Buffer.from(encodeURIComponent(needle)).toString("latin1"));
  }
  return [...forms].filter((form) => form.length >= 6).map((form) => Buffer.from(form, "latin1"));
}

/**
 * Which needles, by name, are in a haystack in any form.
 * @param {Record<string, string | Uint8Array>} needles
 * @param {string | Buffer} haystack
 * @returns {string[]}
 */
export function findNeedles(needles, haystack) {
  const hay = Buffer.from(/** @type {any} */ (haystack));
  return Object.entries(needles).filter(([, needle]) => hide(needle).some((form) => hay.includes(form))).map(([name]) => name);
}
