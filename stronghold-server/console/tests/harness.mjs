/** What the tests of the console share. Everything in it is real: the server's program, the command line, Chromium. */
export { openTab, Tab, DESKTOP, PHONE } from "./harness/browser.mjs";
export { Cli } from "./harness/cli.mjs";
export { hide, findNeedles, wholePage, storageOf } from "./harness/inspect.mjs";
export { afterwards, folderFor, program, CHROMIUM } from "./harness/machine.mjs";
export { livedInOrganization } from "./harness/scene.mjs";
export { startServer, Server } from "./harness/server.mjs";
export { startWire, Wire } from "./harness/wire.mjs";
export * from "./harness/steps.mjs";
