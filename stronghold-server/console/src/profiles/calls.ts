/** Calls about profiles that need more than the call. */
import type { RekeyProgress, SecretValue } from "../api";
import { session } from "../client";
import { directoryChanged } from "../state";

/** Encrypts anew what a profile holds, if somebody began that and did not finish. False where there was nothing to do. */
export async function finishRekey(profileId: string, progress: (progress: RekeyProgress) => void): Promise<boolean> {
  const finished = await session.finishRekey(profileId, progress);
  directoryChanged();
  return finished;
}

/** A value as text; `undefined` where it is none, but bytes. */
export function asText(value: SecretValue): string | undefined {
  return "text" in value ? value.text : undefined;
}

/** Whether two values are the same bytes. */
export function sameValue(a: SecretValue | undefined, b: SecretValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
