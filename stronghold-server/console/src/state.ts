/** What every page may look at: the phase of the session, the settings, what was noticed, and when to read again. */
import { computed, signal } from "@preact/signals";
import type { StrongholdError } from "./api";
import type { Me } from "./client";
import { keepSettings, storedSettings, type Settings } from "./storage";

/** Who is signed in; `undefined` while nobody is. */
export const me = signal<Me | undefined>(undefined);

/** The organization's name, as of the last look at the directory. */
export const organizationName = signal("");

/** The phase of the session: `starting` until the device's memory was read. */
export const phase = computed(() => (settings.value === undefined ? "starting" : me.value === undefined ? "signed-out" : "signed-in"));

/** Why the console was locked, told on the sign-in page; and whether it was for an answer that did not verify. */
export const lockReason = signal<{ text: string; alarming: boolean } | undefined>(undefined);

/** Rises when the directory or anything else that is shown has changed; what pages show is then read again. */
export const directoryTick = signal(0);

/** Tells every page to read again. */
export function directoryChanged(): void {
  directoryTick.value += 1;
}

/** Set once, by the first answer that did not verify; nothing but its screen is shown from then on. */
export const integrityError = signal<StrongholdError | undefined>(undefined);

/** Whether the server answered last time. */
export const reachable = signal(true);

/** Why the server would not tell what is newer, as when the person was removed; empty while it does. */
export const refusal = signal("");

/** The device's settings; `undefined` until read. */
export const settings = signal<Settings | undefined>(undefined);

/** Reads the settings once, at the start. */
export async function readSettings(): Promise<void> {
  settings.value = await storedSettings();
}

/** Changes settings, at once and for next time. */
export function changeSettings(change: Partial<Settings>): void {
  if (settings.value !== undefined) {
    settings.value = { ...settings.value, ...change };
    void keepSettings(settings.value);
  }
}

/** When the person, or long work for them, last did something; in milliseconds of a clock that only goes on. */
let lastActivity = Date.now();

/** Puts the automatic lock off. */
export function noteActivity(): void {
  lastActivity = Date.now();
}

/** How long nothing was done, in milliseconds. */
export function idleFor(): number {
  return Date.now() - lastActivity;
}

/** A short message in the corner that goes by itself, and is read out. */
export interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad" | "plain";
}

/** The messages that are shown now. */
export const toasts = signal<Toast[]>([]);

let lastToast = 0;

/** Shows a message for six seconds; bad news until it is dismissed. */
export function toast(text: string, tone: Toast["tone"] = "good"): void {
  const id = ++lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, text, tone }];
  if (tone !== "bad") {
    setTimeout(() => dismissToast(id), 6000);
  }
}

/** Takes a message away. */
export function dismissToast(id: number): void {
  toasts.value = toasts.value.filter((shown) => shown.id !== id);
}

/** What a screen reader is told in passing ("Copied"). */
export const announcement = signal("");

/** Has a screen reader say something, also when it is the same as before. */
export function announce(text: string): void {
  announcement.value = "";
  requestAnimationFrame(() => {
    announcement.value = text;
  });
}
