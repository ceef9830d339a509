import { announcement, dismissToast, toasts } from "../state";
import { IconButton } from "./Button";
import { Icon } from "./Icons";

/** The corner with short messages, and the region that tells screen readers what happened in passing. */
export function Toasts() {
  return (
    <>
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map(({ id, text, tone }) => (
          <div key={id} class={`toast ${tone}`}>
            <Icon name={tone === "good" ? "check" : tone === "bad" ? "warning" : "info"} />
            <span>{text}</span>
            <IconButton icon="close" label="Dismiss" onPress={() => dismissToast(id)} />
          </div>
        ))}
      </div>
      <div class="visually-hidden" role="status" aria-live="polite" aria-label="Announcements">{announcement.value}</div>
    </>
  );
}
