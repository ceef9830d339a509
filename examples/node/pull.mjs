// Names and lengths of a profile's secrets: API_STRONGHOLD_TOKEN=... node pull.mjs production
import { Agent } from "stronghold-wasm";

const agent = Agent.fromToken(process.env.API_STRONGHOLD_TOKEN ?? "");
const secrets = await agent.pull(process.argv[2] ?? "production");
for (const name of secrets.names()) {
  console.log(`${name} has ${secrets.bytes(name).length} bytes`);
}
secrets.close();
agent.close();
