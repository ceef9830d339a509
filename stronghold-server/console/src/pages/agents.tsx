import { PageHeader } from "../components/PageHeader";

/** The agents of the organization. */
export function AgentsPage() {
  return <PageHeader title="Agents" />;
}
