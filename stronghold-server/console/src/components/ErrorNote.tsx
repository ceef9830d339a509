import type { ComponentChildren } from "preact";
import type { StrongholdError } from "../api";
import { Icon, type IconName } from "./Icons";
import { Prose } from "./Prose";

/** An error in words with what to do about it, read out when it comes. Nothing without an error. */
export function ErrorNote({ error, title }: { error: StrongholdError | undefined; title?: string }) {
  // The box is always there: a live region that comes together with its text is not read out by every screen reader.
  return (
    <div role="alert" class="error-slot">
      {error !== undefined && (
        <div class="note bad">
          <Icon name="warning" />
          <div>
            <p>
              {title !== undefined && <strong>{title} </strong>}
              <Prose text={sentence(error.message)} />
            </p>
            {error.advice !== undefined && <p class="advice"><Prose text={sentence(error.advice)} /></p>}
          </div>
        </div>
      )}
    </div>
  );
}

/** Begins with a capital and ends with a stop, as the command line's messages do not. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]$/.test(trimmed) ? "" : "."}`;
}

/** A note in the text: something to know (`plain`), to mind (`warn`), that is wrong (`bad`) or done (`good`). */
export function Note({ tone = "plain", children }: { tone?: "plain" | "warn" | "bad" | "good"; children: ComponentChildren }) {
  const icons: Record<string, IconName> = { plain: "info", warn: "warning", bad: "warning", good: "check" };
  return (
    <div class={`note ${tone}`}>
      <Icon name={icons[tone] ?? "info"} />
      <div>{children}</div>
    </div>
  );
}
