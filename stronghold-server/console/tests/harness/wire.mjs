/** What stands between client and server: keeps every request and response, and changes answers where a test plays a hostile server. */
import { once } from "node:events";
import http from "node:http";
import { afterwards } from "./machine.mjs";

/**
 * One request and its response, as they went over the wire.
 * @typedef {object} Exchange
 * @property {string} method
 * @property {string} path path and query
 * @property {string[]} requestHeaders names and values in turn
 * @property {Buffer} requestBody
 * @property {number} status
 * @property {string[]} responseHeaders names and values in turn
 * @property {Buffer} responseBody
 */

/**
 * Changes an answer before it is sent: gives another body, or nothing to leave it. May change `status` too.
 * @callback Alter
 * @param {Exchange} exchange
 * @returns {Buffer | string | undefined | Promise<Buffer | string | undefined>}
 */

/** @param {AsyncIterable<Buffer>} stream */
async function wholeOf(stream) {
  const parts = [];
  for await (const part of stream) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The wire. */
export class Wire {
  #server;
  #target = "";
  #base;
  #strips;

  /**
   * @param {{ base?: string, strips?: boolean }} [path] the path under which clients reach it, and whether it is taken off
   */
  constructor({ base = "", strips = false } = {}) {
    this.#base = base;
    this.#strips = strips;
    /** Where clients connect. */
    this.url = "";
    /** @type {Exchange[]} all that went over it so far */
    this.exchanges = [];
    /** @type {Alter | undefined} */
    this.alter = undefined;
    this.#server = http.createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port. */
  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = /** @type {import("node:net").AddressInfo} */ (this.#server.address());
    this.url = `http://127.0.0.1:${address.port}${this.#base}`;
  }

  /**
   * Says where requests go from now on.
   * @param {string} url
   */
  leadTo(url) {
    this.#target = url;
  }

  /** Ends it with all its connections. */
  async close() {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Everything that went over it so far, as bytes to search. */
  get bytes() {
    return Buffer.concat(this.exchanges.flatMap((exchange) => [
      Buffer.from(`${exchange.method} ${exchange.path}\n${exchange.requestHeaders.join("\n")}\n`),
      exchange.requestBody,
      Buffer.from(`\n${exchange.status}\n${exchange.responseHeaders.join("\n")}\n`),
      exchange.responseBody,
      Buffer.from("\n"),
    ]));
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  async #pass(request, response) {
    const { method = "GET", url: path = "/", rawHeaders } = request;
    const requestBody = await wholeOf(request);
    const headers = rawHeaders.slice();
    // The host stays as the client wrote it: the request is signed for it.
    const forwarded = this.#strips && path.startsWith(`${this.#base}/`) ? path.slice(this.#base.length) : path;
    const onward = http.request(this.#target + forwarded, { method, headers: /** @type {any} */ (headers), setHost: false, agent: false });
    onward.end(requestBody);
    const [answer] = /** @type {[http.IncomingMessage]} */ (await once(onward, "response"));
    const responseBody = await wholeOf(answer);
    /** @type {Exchange} */
    const exchange = { method, path, requestHeaders: rawHeaders, requestBody, status: answer.statusCode ?? 0, responseHeaders: answer.rawHeaders, responseBody };
    const changed = await this.alter?.(exchange);
    if (changed !== undefined) {
      exchange.responseBody = Buffer.from(changed);
    }
    this.exchanges.push(exchange);
    response.writeHead(exchange.status, withLength(exchange));
    response.end(exchange.responseBody);
  }
}

/**
 * The headers of an answer whose body is sent as a whole.
 * @param {Exchange} exchange
 */
function withLength({ responseHeaders, responseBody, method, status }) {
  const kept = [];
  for (let at = 0; at < responseHeaders.length; at += 2) {
    if (!/^(content-length|transfer-encoding|connection|keep-alive)$/i.test(responseHeaders[at] ?? "")) {
      kept.push(responseHeaders[at] ?? "", responseHeaders[at + 1] ?? "");
    }
  }
  return method === "HEAD" || status === 304 || status === 204 ? kept : [...kept, "content-length", String(responseBody.length)];
}

/**
 * A wire for one test. Start the server with it: `startServer(t, { wire })`.
 * @param {import("node:test").TestContext} t
 * @param {{ base?: string, strips?: boolean }} [path] the path under which clients reach it, and whether it is taken off
 */
export async function startWire(t, path) {
  const wire = new Wire(path);
  await wire.listen();
  afterwards(t, () => wire.close());
  return wire;
}
