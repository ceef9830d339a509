import { useState } from "preact/hooks";
import { session } from "../client";
import { Loading } from "../components/Loading";
import { PageHeader } from "../components/PageHeader";
import { useLoad } from "../hooks";
import { Code } from "../organization/code";
import { Device } from "../organization/device";
import { DirectoryCard } from "../organization/directory";
import { Identity } from "../organization/identity";
import "../organization/organization.css";
import { Owners } from "../organization/owners";

/** The organization: what it is, who decides, that everything holds, and what this device and this page are worth. */
export function OrganizationPage() {
  const [verified, setVerified] = useState(0);
  const organization = useLoad(() => session.organization());
  return (
    <>
      <PageHeader title="Organization" about="What everybody in it agrees on, signed by its owners; and how to tell that it is so." />
      <Loading of={organization} lines={8}>
        {(shown) => (
          <div class="columns">
            <div class="stack wide-gap">
              <Identity organization={shown} />
              <Owners organization={shown} />
            </div>
            <div class="stack wide-gap">
              <DirectoryCard organization={shown} onVerified={() => setVerified(verified + 1)} />
              <Device orgId={shown.org_id} verified={verified} />
              <Code version={shown.version} />
            </div>
          </div>
        )}
      </Loading>
    </>
  );
}
