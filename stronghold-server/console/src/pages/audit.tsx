import { PageHeader } from "../components/PageHeader";

/** The audit log. */
export function AuditPage() {
  return <PageHeader title="Audit" />;
}
