import { visible } from "./Badge";

/** Text of an error or an advice: what stands between backticks is shown as code. Never anything but text. */
export function Prose({ text }: { text: string }) {
  const parts = text.split("`");
  // An odd one out is no pair, and stays what it is.
  return parts.length % 2 === 0 ? <>{visible(text)}</> : <>{parts.map((part, index) => (index % 2 === 1 ? <code key={index}>{visible(part)}</code> : visible(part)))}</>;
}
