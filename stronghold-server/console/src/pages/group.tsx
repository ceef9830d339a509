import { PageHeader } from "../components/PageHeader";

/** One group. */
export function GroupPage({ id }: { id: string }) {
  return <PageHeader title="Group" about={id} />;
}
