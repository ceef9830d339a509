import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Mark } from "./Icons";

/** The frame of the pages before signing in: the mark, a heading that takes the focus, the form, and ways to the other pages. */
export function EntryFrame({ title, about, children, links }: { title: string; about?: ComponentChildren; children: ComponentChildren; links?: { href: string; label: string }[] }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - Stronghold`;
    if (document.activeElement === null || document.activeElement === document.body) {
      heading.current?.focus();
    }
  }, [title]);
  return (
    <main class="entry">
      <div class="entry-brand"><Mark /><span>Stronghold</span></div>
      <div class="card entry-card">
        <div>
          <h1 tabIndex={-1} ref={heading}>{title}</h1>
          {about !== undefined && <div class="about">{about}</div>}
        </div>
        {children}
      </div>
      {links !== undefined && (
        <ul class="entry-links">
          {links.map((link) => <li key={link.href}><a href={link.href}>{link.label}</a></li>)}
        </ul>
      )}
      <p class="entry-foot quiet">Keys and secrets are opened in this page only. The server at <code>{location.host}</code> never sees them.</p>
    </main>
  );
}
