import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { IconButton } from "./Button";

/** What a field takes. */
export interface FieldProps {
  label: string;
  value: string;
  onValue(value: string): void;
  type?: "text" | "email" | "password" | "number" | "datetime-local" | "date" | "search";
  hint?: ComponentChildren;
  /** What is wrong with the value, in words; shown beside the field and read with it. */
  error?: string | undefined;
  required?: boolean;
  disabled?: boolean;
  readOnly?: boolean;
  autoComplete?: string;
  /** Takes the focus when a dialog or page opens with it. */
  autoFocus?: boolean;
  placeholder?: string;
  /** More than one line. */
  rows?: number;
  /** Keys, tokens, values: fixed width, no spelling check, no help that would send it anywhere. */
  code?: boolean;
  min?: string | number;
  max?: string | number;
  maxLength?: number;
  name?: string;
}

/** A labelled text field with hint and error. A password can be looked at. */
export function Field({ label, value, onValue, type = "text", hint, error, required, disabled, readOnly, autoComplete = "off", autoFocus, placeholder, rows, code, min, max, maxLength, name }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  // A dialog sees to its own focus, once it is open.
  useEffect(() => {
    const field = autoFocus ? document.getElementById(id) : null;
    if (field?.closest("dialog") === null) {
      field.focus();
    }
  }, []);
  const describedBy = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(" ");
  const common = {
    id,
    name,
    value,
    required,
    disabled,
    readOnly,
    placeholder,
    maxLength,
    autocomplete: autoComplete,
    spellcheck: code || type === "password" ? false : undefined,
    autocapitalize: code || type === "email" || type === "password" ? ("none" as const) : undefined,
    "aria-describedby": describedBy || undefined,
    "aria-invalid": error === undefined ? undefined : ("true" as const),
    "data-autofocus": autoFocus ? "" : undefined,
    class: code ? "input code" : "input",
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>
        {label}
        {required === false && <span class="optional"> (optional)</span>}
      </label>
      <div class="input-row">
        {rows === undefined ? <input {...common} type={(type === "password" && shown ? "text" : type) as "text"} min={min} max={max} /> : <textarea {...common} rows={rows} />}
        {type === "password" && <IconButton icon={shown ? "eyeOff" : "eye"} label="Show what is typed" pressed={shown} onPress={() => setShown(!shown)} />}
      </div>
      {hint !== undefined && <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {error !== undefined && <div class="field-error" id={`${id}-error`}>{error}</div>}
    </div>
  );
}

/** A labelled choice. */
export function Select<V extends string>({ label, value, onValue, options, hint, disabled, hideLabel }: {
  label: string;
  value: V;
  onValue(value: NoInfer<V>): void;
  options: { value: V; label: string }[];
  hint?: ComponentChildren;
  disabled?: boolean;
  /** For rows of filters, where the choices speak for themselves; screen readers still hear the label. */
  hideLabel?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={hideLabel ? "visually-hidden" : undefined}>{label}</label>
      <select id={id} class="input" value={value} disabled={disabled} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onValue(event.currentTarget.value as V)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>{option.label}</option>
        ))}
      </select>
      {hint !== undefined && <div class="hint" id={`${id}-hint`}>{hint}</div>}
    </div>
  );
}

/** A labelled box to tick. */
export function Checkbox({ label, checked, onChecked, hint, disabled, required }: {
  label: ComponentChildren;
  checked: boolean;
  onChecked(checked: boolean): void;
  hint?: ComponentChildren;
  disabled?: boolean;
  required?: boolean;
}) {
  const id = useId();
  return (
    <div class="checkbox">
      <input id={id} type="checkbox" checked={checked} disabled={disabled} required={required} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => onChecked(event.currentTarget.checked)} />
      <label for={id}>{label}</label>
      {hint !== undefined && <div class="hint" id={`${id}-hint`}>{hint}</div>}
    </div>
  );
}
