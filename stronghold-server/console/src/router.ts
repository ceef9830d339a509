/** Routes by hash. The hash names a page and an id, never anything secret; nothing is put into the history's state. */
import { signal } from "@preact/signals";

/** The parts of the hash: `#/agents/ID` is `["agents", "ID"]`. */
export const route = signal<string[]>(parse());

/** Whether a page holds what was typed and not saved; leaving then asks first. */
export const unsaved = signal(false);

/** Where the person wanted to go when they were asked. */
export const wantedRoute = signal<string | undefined>(undefined);

let shown = location.hash;

function parse(): string[] {
  return location.hash.replace(/^#\/?/, "").split("/").filter((part) => part !== "").map(decode);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page within this one: `href("agents", id)`. */
export function href(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Goes to a page, as a click on a link does. */
export function navigate(...parts: string[]): void {
  location.hash = href(...parts);
}

/** Goes to a page in place of the present one, which is then not in the way of Back. */
export function replaceRoute(...parts: string[]): void {
  history.replaceState(null, "", href(...parts));
  follow();
}

/** Leaves what is unsaved behind and goes where the person wanted. */
export function leaveAnyway(): void {
  const to = wantedRoute.value;
  wantedRoute.value = undefined;
  unsaved.value = false;
  if (to !== undefined) {
    location.hash = to;
  }
}

function follow(): void {
  if (unsaved.value && location.hash !== shown) {
    wantedRoute.value = location.hash;
    history.replaceState(null, "", shown || "#/");
    return;
  }
  if (location.hash === shown) {
    return;
  }
  shown = location.hash;
  route.value = parse();
}

addEventListener("hashchange", follow);
addEventListener("beforeunload", (event) => {
  if (unsaved.value) {
    event.preventDefault();
  }
});
