import { useState } from "preact/hooks";
import { Button } from "./Button";
import { CopyButton } from "./CopyField";
import { Checkbox } from "./Field";

/** A secret text that is shown this once. It goes when the person says that it was kept; the caller forgets it in `onKept`. */
export function SecretOnce({ text, what, onKept, advice }: {
  text: string;
  /** Its name: "Token", "Account key". */
  what: string;
  advice?: string;
  /** With this, the component asks for it; without, the caller has its own way to go on. */
  onKept?: () => void;
}) {
  const [kept, setKept] = useState(false);
  return (
    <section class="secret-once" aria-label={what}>
      <div class="secret-once-row">
        <output class="secret-text" translate={false} tabIndex={0}>{text}</output>
        <CopyButton text={text} what={what} label={`Copy ${what.toLowerCase()}`} primary autoFocus />
      </div>
      <p class="hint">{advice ?? `It is shown this once, and nobody can show it again. Keep it where only what uses it can read it.`}</p>
      {onKept !== undefined && (
        <div class="secret-once-row">
          <Checkbox label={`I have kept the ${what.toLowerCase()}`} checked={kept} onChecked={setKept} />
          <Button kind="primary" disabled={!kept} onPress={onKept}>Done</Button>
        </div>
      )}
    </section>
  );
}
