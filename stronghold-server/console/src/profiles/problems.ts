/** What is wrong with what was typed, in words, before it is sent. The limits are the protocol's; the wasm holds to them in any case. */

const NAME_BYTES = 256;
const NOTE_BYTES = 4096;
const VALUE_BYTES = 256 * 1024;

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** What is wrong with the name of a secret. */
export function nameProblem(name: string): string | undefined {
  if (name === "") {
    return "Give it a name.";
  }
  if (/[=\0]/.test(name)) {
    return "A name cannot hold “=”.";
  }
  return bytesOf(name) > NAME_BYTES ? `A name has at most ${NAME_BYTES} bytes.` : undefined;
}

/** What is wrong with a value. */
export function valueProblem(value: string): string | undefined {
  return bytesOf(value) > VALUE_BYTES ? "A value has at most 256 KiB." : undefined;
}

/** What is wrong with a note. */
export function noteProblem(note: string): string | undefined {
  return bytesOf(note) > NOTE_BYTES ? "A note has at most 4 KiB." : undefined;
}

/** What is wrong with the target of a reference that has a name: `SECRET`, `/SECRET` or `PROFILE/SECRET`. */
export function targetProblem(target: string, name: string): string | undefined {
  const text = target.trim();
  const slash = text.indexOf("/");
  const secret = slash < 0 ? text : text.slice(slash + 1);
  if (secret === "") {
    return "Name the secret whose value it has.";
  }
  if (slash <= 0 && secret === name) {
    return "It cannot refer to itself.";
  }
  return nameProblem(secret) === undefined ? undefined : "The target names no secret.";
}
