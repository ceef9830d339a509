import type { Exposed, ExposedItem } from "../api";
import { Name } from "./Badge";
import { Note } from "./ErrorNote";

/**
 * What somebody who lost access had read, and what they could have read. New keys keep them from what is written from now on; what they
 * know already only its issuer can make worthless.
 */
export function ExposedList({ exposed, who }: { exposed: Exposed; who: string }) {
  const unread = exposed.could_read.filter((item) => !exposed.read.some((other) => other.secret_id === item.secret_id));
  if (exposed.read.length === 0 && unread.length === 0) {
    return <Note tone="good"><Name>{who}</Name> could read no secret. There is nothing to rotate.</Note>;
  }
  return (
    <div class="exposed">
      <Note tone="warn">
        <p><strong>Rotate these at their issuers.</strong> New keys keep <Name>{who}</Name> from everything written from now on. What was read before stays known until the issuer gives new values.</p>
      </Note>
      <Items title="Was read" items={exposed.read} empty="The audit log shows no read." />
      <Items title="Could have been read" items={unread} empty="Nothing beyond that." />
    </div>
  );
}

function Items({ title, items, empty }: { title: string; items: ExposedItem[]; empty: string }) {
  const profiles = [...Map.groupBy(items, (item) => item.profile)];
  return (
    <section>
      <h3>{title} <span class="count">{items.length}</span></h3>
      {items.length === 0 && <p class="quiet">{empty}</p>}
      {profiles.map(([profile, secrets]) => (
        <div key={profile} class="exposed-profile">
          <h4><Name>{profile}</Name></h4>
          <ul>
            {secrets.map((item) => <li key={item.secret_id}><code><Name>{item.name}</Name></code> <span class="quiet numbers">version {item.version}</span></li>)}
          </ul>
        </div>
      ))}
    </section>
  );
}
