/** Values on the screen: hidden until asked for, hidden again after a while, and when the page is left. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SecretValue, StrongholdError } from "../api";
import { Badge, visible } from "../components/Badge";
import { Button, IconButton } from "../components/Button";
import { useCopy } from "../components/CopyField";
import { ErrorNote } from "../components/ErrorNote";
import { toast } from "../state";
import { counted } from "../words";

const HIDE_AFTER = 30_000;

interface Revealed {
  value: SecretValue | undefined;
  error: StrongholdError | undefined;
  show(): Promise<void>;
  hide(): void;
}

/** A value that is fetched when it shall be seen. It goes after 30 seconds, when the window loses the focus, and when `of` changes. */
export function useRevealed(fetch: () => Promise<SecretValue>, of: unknown): Revealed {
  const [state, setState] = useState<{ value?: SecretValue; error?: StrongholdError }>({});
  const turn = useRef(0);
  const hide = (): void => {
    turn.current += 1;
    setState({});
  };
  const show = async (): Promise<void> => {
    const mine = ++turn.current;
    const next = await fetch().then((value) => ({ value }), (error: StrongholdError) => ({ error }));
    if (mine === turn.current) {
      setState(next);
    }
  };
  useEffect(() => hide, [of]);
  useEffect(() => {
    if (state.value === undefined) {
      return undefined;
    }
    const timer = setTimeout(hide, HIDE_AFTER);
    addEventListener("blur", hide);
    document.addEventListener("visibilitychange", hide);
    return () => {
      clearTimeout(timer);
      removeEventListener("blur", hide);
      document.removeEventListener("visibilitychange", hide);
    };
  }, [state.value]);
  return { value: state.value, error: state.error, show, hide };
}

/** Copies a value without showing it. */
function useCopyValue(name: string, fetch: () => Promise<SecretValue>): { copied: boolean; copyValue(): Promise<void> } {
  const { copied, copy } = useCopy(`Value of ${visible(name)}`);
  const copyValue = async (): Promise<void> => {
    try {
      const value = await fetch();
      await copy("text" in value ? value.text : value.base64);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  };
  return { copied, copyValue };
}

const DOTS = "••••••••";
const LONGEST_IN_ROW = 300;

/** A value in a row of a table: dots, the first line once revealed, and buttons to reveal and to copy. */
export function RowValue({ name, reference, fetch, of }: { name: string; reference: boolean; fetch(): Promise<SecretValue>; of: unknown }) {
  const { value, error, show, hide } = useRevealed(fetch, of);
  const { copied, copyValue } = useCopyValue(name, fetch);
  const failed = error?.message;
  useEffect(() => {
    if (failed !== undefined) {
      toast(failed, "bad");
    }
  }, [error]);
  return (
    <span class="row-value">
      {value !== undefined ? <LineOf value={value} /> : reference ? <span class="quiet" title="Its value is another secret's">→<span class="reference-word"> reference</span></span> : <span class="dots" aria-hidden="true">{DOTS}</span>}
      <IconButton icon={value === undefined ? "eye" : "eyeOff"} label={`${value === undefined ? "Show" : "Hide"} the value of ${visible(name)}`} onPress={value === undefined ? show : hide} />
      <IconButton icon={copied ? "check" : "copy"} label={`Copy the value of ${visible(name)}`} onPress={copyValue} />
    </span>
  );
}

function LineOf({ value }: { value: SecretValue }) {
  if ("base64" in value) {
    return <code class="value-line" translate={false}>{value.base64.slice(0, LONGEST_IN_ROW)}</code>;
  }
  const end = value.text.indexOf("\n");
  const line = end < 0 ? value.text : value.text.slice(0, end);
  return (
    <code class="value-line" translate={false}>
      {value.text === "" ? <span class="quiet">empty</span> : <bdi>{visible(line.slice(0, LONGEST_IN_ROW))}{end >= 0 && " …"}</bdi>}
    </code>
  );
}

/** A whole value, with what cannot be seen of it said. It is text as it is, so that it can be selected and copied by hand. */
export function WholeValue({ value, label }: { value: SecretValue; label: string }) {
  if ("base64" in value) {
    return (
      <div class="stack-tight">
        <span><Badge title="Not UTF-8 text, so shown in base64">Bytes, in base64</Badge></span>
        <pre class="whole-value" tabIndex={0} role="group" aria-label={label} translate={false}>{value.base64}</pre>
      </div>
    );
  }
  const { text } = value;
  const unseen = (text.match(/[\p{Cf}\p{Zl}\p{Zp}\0-\x08\v-\x1f\x7f-\x9f]/gu) ?? []).length;
  return (
    <div class="stack-tight">
      <pre class="whole-value" tabIndex={0} role="group" aria-label={label} translate={false}>{text === "" ? <span class="quiet">empty</span> : text}</pre>
      {(unseen > 0 || text !== text.trim()) && (
        <span class="hint">
          {unseen > 0 && `It has ${counted(unseen, "character")} that cannot be seen. `}
          {text !== text.trim() && "It begins or ends with spaces or line ends."}
        </span>
      )}
    </div>
  );
}

/** A value with its buttons, in a dialog or beside another. */
export function ValueBox({ name, label, fetch, of }: { name: string; label: string; fetch(): Promise<SecretValue>; of: unknown }) {
  const { value, error, show, hide } = useRevealed(fetch, of);
  const { copied, copyValue } = useCopyValue(name, fetch);
  return (
    <div class="value-box">
      {value === undefined ? <div class="whole-value dots" aria-hidden="true">{DOTS}</div> : <WholeValue value={value} label={label} />}
      <div class="row">
        <Button small icon={value === undefined ? "eye" : "eyeOff"} onPress={value === undefined ? show : hide}>
          {value === undefined ? "Show" : "Hide"}<span class="visually-hidden"> {label}</span>
        </Button>
        <Button small icon={copied ? "check" : "copy"} onPress={copyValue}>{copied ? "Copied" : "Copy"}<span class="visually-hidden"> {label}</span></Button>
      </div>
      <ErrorNote error={error} />
    </div>
  );
}
