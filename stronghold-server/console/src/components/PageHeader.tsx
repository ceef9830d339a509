import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { organizationName } from "../state";
import { Icon } from "./Icons";

/** The head of a page: its title, which also names the tab, what it is about, and its actions. `back` leads to the list it came from. */
export function PageHeader({ title, heading, about, actions, back }: {
  title: string;
  /** What is shown as the heading where plain text is not enough. */
  heading?: ComponentChildren;
  about?: ComponentChildren;
  actions?: ComponentChildren;
  back?: { href: string; label: string };
}) {
  const shown = useRef<HTMLHeadingElement>(null);
  // What had the focus may be gone with the page before: then this page begins at its heading.
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) {
      shown.current?.focus({ preventScroll: true });
    }
  }, []);
  useEffect(() => {
    document.title = organizationName.value === "" ? `${title} - Stronghold` : `${title} - ${organizationName.value} - Stronghold`;
  }, [title, organizationName.value]);
  return (
    <header class="page-header">
      {back !== undefined && <a class="back" href={back.href}><Icon name="back" /><span>{back.label}</span></a>}
      <div class="page-header-row">
        <h1 tabIndex={-1} ref={shown}>{heading ?? title}</h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {about !== undefined && <div class="about">{about}</div>}
    </header>
  );
}
