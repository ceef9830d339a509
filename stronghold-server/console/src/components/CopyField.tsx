import { useEffect, useRef, useState } from "preact/hooks";
import { announce, toast } from "../state";
import { visible } from "./Badge";
import { Button, IconButton } from "./Button";

/** Copies, says so aloud and with a tick that goes again. Where the browser refuses, it says that too. */
export function useCopy(what: string): { copied: boolean; copy(text: string): Promise<void> } {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast("The browser did not allow copying. Select the text and copy it yourself.", "bad");
      return;
    }
    setCopied(true);
    announce(`${what} copied`);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), 2500);
  };
  return { copied, copy };
}

/** A button that copies a text. */
export function CopyButton({ text, what, label = "Copy", primary, autoFocus }: { text: string; what: string; label?: string; primary?: boolean; autoFocus?: boolean }) {
  const { copied, copy } = useCopy(what);
  return (
    <Button icon={copied ? "check" : "copy"} kind={primary ? "primary" : "secondary"} onPress={() => copy(text)} autoFocus={autoFocus ?? false}>
      {copied ? "Copied" : label}
    </Button>
  );
}

/** A text that is there to be copied: an id, a fingerprint, a command. `what` is its name. */
export function CopyField({ text, what, multiline }: { text: string; what: string; multiline?: boolean }) {
  const { copied, copy } = useCopy(what);
  return (
    <div class={multiline ? "copy-field multiline" : "copy-field"}>
      {multiline ? <pre tabIndex={0} role="group" aria-label={what}>{text.split("\n").map(visible).join("\n")}</pre> : <code title={text}>{visible(text)}</code>}
      <IconButton icon={copied ? "check" : "copy"} label={`Copy ${what}`} onPress={() => copy(text)} />
    </div>
  );
}
