/** Keyboard shortcuts: single keys, or two in a row ("g a"). They rest while somebody types or a dialog is open. */
import { signal } from "@preact/signals";

/** A shortcut as the help lists it. */
export interface Shortcut {
  keys: string;
  label: string;
  act(): void;
}

/** The shortcuts that work now. */
export const shortcuts = signal<Shortcut[]>([]);

const SECOND_KEY_WITHIN = 1200;
let first = { key: "", at: 0 };

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName));
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target) || document.querySelector("dialog[open]") !== null) {
    return;
  }
  const pair = event.timeStamp - first.at < SECOND_KEY_WITHIN ? `${first.key} ${event.key}` : "";
  const found = shortcuts.value.findLast((shortcut) => shortcut.keys === pair) ?? shortcuts.value.findLast((shortcut) => shortcut.keys === event.key);
  first = { key: found === undefined ? event.key : "", at: event.timeStamp };
  if (found !== undefined) {
    event.preventDefault();
    found.act();
  }
}

addEventListener("keydown", onKey);
