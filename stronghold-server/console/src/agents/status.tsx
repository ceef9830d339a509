import type { AgentListed } from "../api";
import { Badge } from "../components/Badge";

/** What each status means. */
const MEANINGS: Record<AgentListed["status"], string> = {
  active: "It reads what its groups are granted, as long as its conditions hold.",
  inactive: "The server refuses it from its next request on. Its keys stay as they are: activating lets it in again at once. To end its access by cryptography too, rotate the token or delete the agent.",
  expired: "Its time is over and the server refuses it. A later expiry lets it in again.",
  deleted: "It is gone for good. All that it could read was encrypted anew.",
};

/** The status of an agent as a badge. */
export function StatusBadge({ status }: { status: AgentListed["status"] }) {
  const tones = { active: "good", inactive: "plain", expired: "warn", deleted: "bad" } as const;
  const words = { active: "Active", inactive: "Inactive", expired: "Expired", deleted: "Deleted" };
  return <Badge tone={tones[status]} title={MEANINGS[status]}>{words[status]}</Badge>;
}

/** What the status of an agent means, in a sentence. */
export function statusMeaning(status: AgentListed["status"]): string {
  return MEANINGS[status];
}
