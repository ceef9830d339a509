import { PageHeader } from "../components/PageHeader";

/** One agent. */
export function AgentPage({ id }: { id: string }) {
  return <PageHeader title="Agent" about={id} />;
}
