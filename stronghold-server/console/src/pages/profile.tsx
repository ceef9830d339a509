import { PageHeader } from "../components/PageHeader";

/** One profile and its secrets. */
export function ProfilePage({ id }: { id: string }) {
  return <PageHeader title="Profile" about={id} />;
}
