import { PageHeader } from "../components/PageHeader";

/** The groups of the organization. */
export function GroupsPage() {
  return <PageHeader title="Groups" />;
}
