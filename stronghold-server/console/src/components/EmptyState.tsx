import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icons";

/** What stands where there is nothing yet: what would be here, what it is good for, and the one next step. */
export function EmptyState({ icon, title, children, action }: { icon: IconName; title: string; children: ComponentChildren; action?: ComponentChildren }) {
  return (
    <section class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      <div class="empty-text">{children}</div>
      {action}
    </section>
  );
}
