import { PageHeader } from "../components/PageHeader";

/** The profiles of the organization. */
export function ProfilesPage() {
  return <PageHeader title="Profiles" />;
}
