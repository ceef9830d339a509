import { PageHeader } from "../components/PageHeader";

/** The organization as a whole. */
export function OrganizationPage() {
  return <PageHeader title="Organization" />;
}
