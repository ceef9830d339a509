import { Field } from "./Field";

/** The fewest characters that are taken. */
export const PASSWORD_CHARS = 12;

/** A new password, typed twice. */
export interface TypedTwice {
  first: string;
  second: string;
}

/** Nothing typed yet. */
export const NOTHING_TYPED: TypedTwice = { first: "", second: "" };

/** What is wrong with it, in words, once the form is sent; nothing when it is good. */
export function passwordProblem({ first, second }: TypedTwice): string | undefined {
  const length = [...first].length;
  if (length < PASSWORD_CHARS) {
    return `Use at least ${PASSWORD_CHARS} characters: ${PASSWORD_CHARS - length} more.`;
  }
  return first === second ? undefined : "The two passwords are not the same.";
}

/** Two password fields and an honest word on the length, which is all that can be judged here. */
export function NewPassword({ value, onValue, error, label = "Password" }: { value: TypedTwice; onValue(value: TypedTwice): void; error?: string | undefined; label?: string }) {
  return (
    <>
      <Field label={label} type="password" autoComplete="new-password" value={value.first} onValue={(first) => onValue({ ...value, first })} error={error} hint={<Strength length={[...value.first].length} />} />
      <Field label={`${label} again`} type="password" autoComplete="new-password" value={value.second} onValue={(second) => onValue({ ...value, second })} />
    </>
  );
}

function Strength({ length }: { length: number }) {
  const step = length === 0 ? 0 : length < PASSWORD_CHARS ? 1 : length < 16 ? 2 : length < 20 ? 3 : 4;
  const words = [
    "Four or five words that nobody would guess together make a good one.",
    `Too short: ${PASSWORD_CHARS - length} more.`,
    "Long enough, if it is not a phrase, name or date that others could find.",
    "Good, if it stands nowhere else.",
    "Long. Length is all that is judged here: it must still be yours alone.",
  ];
  return (
    <>
      <span class={`strength step-${step}`} aria-hidden="true"><span /><span /><span /><span /></span>
      <span>{words[step]}</span>
    </>
  );
}
