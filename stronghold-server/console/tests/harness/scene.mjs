/** An organization as it is after some weeks of use, made by the command line: agents of every status, groups, profiles, people, records. */
import { setTimeout as sleep } from "node:timers/promises";
import { organizationOn, randomWord } from "./steps.mjs";
import { Cli } from "./cli.mjs";

/** Made-up secrets of every profile, as dotenv files. */
const PROFILES = {
  production: [
    "DATABASE_URL=postgres://shop:f4ke-9Qm2@db.internal:5432/shop", "REDIS_URL=redis://cache.internal:6379/0", "STRIPE_SECRET_KEY=made_up_4eC39HqLyjWDarjt", "SENTRY_DSN=https://made-up@errors.internal/42",
    "SESSION_SECRET=b3f1d0c2a4958677", "SMTP_PASSWORD=made-up-correct-horse", "S3_ACCESS_KEY_ID=MADEUP7EXAMPLE", "S3_SECRET_ACCESS_KEY=made/up/K7MDENGbPxRfiCY", "OPENAI_API_KEY=made-up-oa-19", "WEBHOOK_SECRET=made-up-whsec-77",
  ],
  staging: ["DATABASE_URL=postgres://shop:staging@db.staging:5432/shop", "REDIS_URL=redis://cache.staging:6379/0", "STRIPE_SECRET_KEY=made_up_test_key", "SENTRY_DSN=https://made-up@errors.internal/43", "SESSION_SECRET=0011223344556677"],
  "mobile release": ["APPLE_NOTARY_PASSWORD=made-up-abcd-efgh", "ANDROID_KEYSTORE_PASSWORD=made-up-android", "FASTLANE_SESSION=made-up-fastlane"],
  analytics: ["WAREHOUSE_URL=clickhouse://made-up@warehouse.internal:9440/events", "METABASE_TOKEN=made-up-metabase", "SEGMENT_WRITE_KEY=made-up-segment"],
};

/** Notes on secrets of `production`. */
const NOTES = { STRIPE_SECRET_KEY: "restricted to refunds and charges", SMTP_PASSWORD: "of mailer@acme.example", S3_SECRET_ACCESS_KEY: "new one every quarter", WEBHOOK_SECRET: "shared with the shipping partner" };

/** Groups with what they are granted. */
const GROUPS = { deploy: ["production", "staging"], "build and test": ["staging"], "mobile team": ["mobile release"], "data science": ["analytics"], "on-call": ["production", "analytics"] };

/** Agents with their groups, and what else is said of them. */
const AGENTS = [
  { name: "CI pipeline", groups: ["build and test"], more: ["--expires", "90d"] },
  { name: "Deploy to production", groups: ["deploy"], more: ["--expires", "30d", "--source-cidr", "10.20.0.0/16"] },
  { name: "Deploy to staging", groups: ["deploy"] },
  { name: "Web shop", groups: ["deploy"] },
  { name: "Checkout service", groups: ["deploy"], more: ["--expires", "2027-01-31"] },
  { name: "Nightly backup", groups: ["on-call"], more: ["--max-uses", "5000"] },
  { name: "Incident bot", groups: ["on-call"] },
  { name: "App Store uploader", groups: ["mobile team"] },
  { name: "Play Store uploader", groups: ["mobile team"] },
  { name: "Churn model", groups: ["data science"], more: ["--expires", "7d"] },
  { name: "Dashboard refresh", groups: ["data science"] },
  { name: "Load tests", groups: ["build and test"], then: "deactivate" },
  { name: "Old mail worker", groups: ["deploy"], then: "deactivate" },
  { name: "Trial of a coding agent", groups: ["build and test"], more: ["--expires", "1s"] },
  { name: "Migration 2026", groups: ["deploy"], more: ["--expires", "1s"] },
  { name: "Jenkins", groups: ["deploy"], then: "delete" },
  { name: "Contractor's script", groups: ["data science"], then: "delete" },
];

/** People with their roles, and how far their invitations went. */
const PEOPLE = [
  { email: "noor@acme.example", role: "owner", went: "confirmed" },
  { email: "jonas@acme.example", role: "admin", went: "confirmed" },
  { email: "mei@acme.example", role: "editor", went: "asked" },
  { email: "audit@acme.example", role: "auditor", went: "confirmed" },
  { email: "sofia@acme.example", role: "editor", went: "accepted" },
  { email: "ravi@acme.example", role: "editor", went: "invited" },
];

/**
 * Makes it. The ids are by name.
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 */
export async function livedInOrganization(t, server) {
  const { owner, cli } = await organizationOn(t, server, { organization: "Acme", email: "ines@acme.example" });
  /** @type {Record<string, string>} */
  const ids = {};
  for (const [name, lines] of Object.entries(PROFILES)) {
    ids[name] = (await cli.json(["profile", "create", name])).profile_id;
    await cli.ok(["env", "push", "--profile", name, "-"], { input: `${lines.join("\n")}\n` });
  }
  for (const [name, profiles] of Object.entries(GROUPS)) {
    ids[name] = (await cli.json(["group", "create", name])).group_id;
    for (const profile of profiles) {
      await cli.ok(["group", "grant", name, profile]);
    }
  }
  for (const { email, role, went } of PEOPLE) {
    await invite(t, server, cli, { email, role, went });
  }
  await cli.ok(["group", "grant", "build and test", "staging", "--access", "write"]);
  await cli.ok(["group", "add", "build and test", "--user", "mei@acme.example"]);
  for (const [name, note] of Object.entries(NOTES)) {
    const line = PROFILES.production.find((candidate) => candidate.startsWith(`${name}=`)) ?? "";
    await cli.ok(["secret", "set", "--profile", "production", name, "--note", note], { input: line.slice(name.length + 1) });
  }
  await cli.ok(["secret", "set", "--profile", "production", "DATABASE_URL", "--reason", "yearly change, OPS-812"], { input: "postgres://shop:f4ke-7Lx1@db.internal:5432/shop" });
  await cli.ok(["secret", "set", "--profile", "production", "SENTRY_DSN"], { input: "https://made-up@errors.internal/44" });
  await cli.ok(["secret", "delete", "--profile", "production", "OPENAI_API_KEY", "--yes"]);
  await useAgents(t, cli, ids);
  return { owner, cli, ids };
}

/**
 * Makes the agents; they read and are refused.
 * @param {import("node:test").TestContext} t
 * @param {Cli} cli
 * @param {Record<string, string>} ids
 */
async function useAgents(t, cli, ids) {
  for (const [place, { name, groups, more = [], then }] of AGENTS.entries()) {
    const made = await cli.json(["agent", "create", name, ...groups.flatMap((group) => ["--group", group]), ...more]);
    ids[name] = made.agent_id;
    // Not signed in as it, which an agent cannot do from outside its source range.
    const agent = new Cli(t, { API_STRONGHOLD_TOKEN: made.token });
    const profile = Object.entries(GROUPS).find(([group]) => group === groups[0])?.[1][0] ?? "production";
    // Some of these are refused: by the source range, or because it has expired.
    for (let read = place % 4; read >= 0; read -= 1) {
      await agent.run(["env", "pull", "--profile", profile, "--reason", `build ${480 + place * 7 - read}`]);
    }
    if (more.includes("1s")) {
      await sleep(1100);
      await agent.run(["env", "pull", "--profile", profile]);
    }
    if (then !== undefined) {
      await cli.ok(["agent", then, name, ...(then === "delete" ? ["--yes"] : [])]);
      await agent.run(["env", "pull", "--profile", profile]);
    }
  }
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./server.mjs").Server} server
 * @param {Cli} cli
 * @param {{ email: string, role: string, went: string }} person
 */
async function invite(t, server, cli, { email, role, went }) {
  const { code } = await cli.json(["user", "invite", email, "--role", role]);
  if (went === "invited") {
    return;
  }
  const own = new Cli(t, { API_STRONGHOLD_URL: server.url, API_STRONGHOLD_PASSWORD: randomWord() });
  const { account_key, fingerprint } = await own.json(["user", "accept", "--email", email, "--invite", "-"], { input: code });
  if (went === "accepted") {
    return;
  }
  await cli.ok(["user", "confirm", email, "--fingerprint", fingerprint]);
  if (went === "asked") {
    await own.ok(["user", "rotate-keys", "--email", email, "--account-key", "-"], { input: account_key });
  }
}
