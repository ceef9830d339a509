import type { RekeyProgress } from "../api";
import { Name } from "./Badge";

/** How far new keys have come, profile by profile. Shown from the start, also before the first step is told. */
export function Progress({ progress, label = "Making new keys" }: { progress: RekeyProgress | undefined; label?: string }) {
  const { done, total } = progress ?? { done: undefined, total: 1 };
  return (
    <div class="progress" role="status">
      <div class="progress-text">
        <span>{label}{progress !== undefined && <> for <Name>{progress.profile}</Name></>}</span>
        {progress !== undefined && <span class="numbers">{progress.done} of {progress.total}</span>}
      </div>
      <progress value={done} max={total} aria-label={label} />
    </div>
  );
}
