import { PageHeader } from "../components/PageHeader";

/** The signed-in person's own settings. */
export function AccountPage() {
  return <PageHeader title="Account" />;
}
