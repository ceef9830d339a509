import type { ComponentChildren } from "preact";

/** A small label with a meaning in colour and, always, in words. */
export function Badge({ tone = "plain", children, title }: { tone?: "plain" | "good" | "warn" | "bad" | "accent"; children: ComponentChildren; title?: string }) {
  return <span class={`badge ${tone}`} title={title}>{children}</span>;
}

/** A name that somebody chose: as text, and with its direction kept from turning what stands beside it. Control characters are shown, not obeyed. */
export function Name({ children }: { children: string }) {
  return <bdi class="name">{visible(children)}</bdi>;
}

/** Text in which control, bidirectional and invisible characters stand as their code, `‹U+202E›`. */
export function visible(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `‹U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`);
}
