import { PageHeader } from "../components/PageHeader";

/** The people of the organization. */
export function PeoplePage() {
  return <PageHeader title="People" />;
}
