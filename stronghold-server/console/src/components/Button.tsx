import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icons";
import { Spinner } from "./Spinner";

/** What a button takes. `onPress` may give a promise: the button is busy until it settles, and cannot be pressed twice. */
export interface ButtonProps {
  children: ComponentChildren;
  onPress?: (() => unknown) | undefined;
  kind?: "primary" | "secondary" | "danger" | "quiet";
  type?: "button" | "submit";
  icon?: IconName;
  busy?: boolean;
  disabled?: boolean;
  /** The id of the text that says why it is disabled, or more about it. */
  describedBy?: string | undefined;
  autoFocus?: boolean;
  small?: boolean;
}

/** A button. While busy it keeps its width and its focus, and says that it works. */
export function Button({ children, onPress, kind = "secondary", type = "button", icon, busy, disabled, describedBy, autoFocus, small }: ButtonProps) {
  const [working, press] = usePress(onPress);
  const isBusy = busy === true || working;
  return (
    <button
      type={type}
      class={`button ${kind}${small ? " small" : ""}`}
      aria-disabled={isBusy || disabled ? "true" : undefined}
      aria-busy={isBusy ? "true" : undefined}
      aria-describedby={describedBy}
      data-autofocus={autoFocus ? "" : undefined}
      onClick={(event) => (isBusy || disabled ? event.preventDefault() : press())}
    >
      {isBusy ? <Spinner /> : icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that shows only an icon; `label` is its name. */
export function IconButton({ icon, label, onPress, busy, disabled, pressed }: {
  icon: IconName;
  label: string;
  onPress: () => unknown;
  busy?: boolean;
  disabled?: boolean;
  pressed?: boolean;
}) {
  const [working, press] = usePress(onPress);
  const isBusy = busy === true || working;
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      aria-disabled={isBusy || disabled ? "true" : undefined}
      aria-busy={isBusy ? "true" : undefined}
      onClick={() => !isBusy && !disabled && press()}
    >
      {isBusy ? <Spinner /> : <Icon name={icon} />}
    </button>
  );
}

function usePress(onPress: (() => unknown) | undefined): [boolean, () => void] {
  const [working, setWorking] = useState(false);
  const mounted = useRef(true);
  useEffect(() => () => void (mounted.current = false), []);
  const press = (): void => {
    const result = onPress?.();
    if (result instanceof Promise) {
      setWorking(true);
      const done = (): void => void (mounted.current && setWorking(false));
      result.then(done, done);
    }
  };
  return [working, press];
}
