/** Entering and leaving a session, the automatic lock, and keeping up with what others change. */
import type { StrongholdError } from "./api";
import { closeSession, session, type Me } from "./client";
import { announcement, directoryChanged, idleFor, integrityError, lockReason, me, noteActivity, organizationName, reachable, refusal, settings, toasts } from "./state";
import { unsaved, wantedRoute } from "./router";
import { counted } from "./words";

const SYNC_EVERY = 20_000;
const LOOK_EVERY = 5_000;

let timers: ReturnType<typeof setInterval>[] = [];

/** Called after a call that opened a session: shows the pages, and starts what runs beside them. */
export async function enter(who?: Me): Promise<void> {
  const entered = who ?? (await session.me());
  organizationName.value = (await session.organization()).name;
  noteActivity();
  lockReason.value = undefined;
  me.value = entered;
  stopTimers();
  timers = [setInterval(lockWhenIdle, LOOK_EVERY), setInterval(() => void keepUp(), SYNC_EVERY)];
}

/** Ends the session: its keys are wiped and all that pages showed is gone. The reason is told where the person signs in again. */
export function lock(reason?: string): void {
  const alarming = integrityError.value !== undefined;
  stopTimers();
  void closeSession();
  unsaved.value = false;
  wantedRoute.value = undefined;
  toasts.value = [];
  announcement.value = "";
  organizationName.value = "";
  reachable.value = true;
  refusal.value = "";
  integrityError.value = undefined;
  lockReason.value = reason === undefined ? undefined : { text: reason, alarming };
  me.value = undefined;
}

/** Asks the server for what is newer, and has the pages read again if there was something. */
export async function keepUp(): Promise<void> {
  if (me.value === undefined || document.hidden || asking || integrityError.value !== undefined) {
    return;
  }
  asking = true;
  try {
    const { changed } = await session.sync();
    refusal.value = "";
    if (changed) {
      me.value = await session.me();
      organizationName.value = (await session.organization()).name;
      directoryChanged();
    }
  } catch (error) {
    // The others have been said by the client: an integrity error has its screen, an unreachable server its line.
    const { kind, message } = error as StrongholdError;
    refusal.value = kind === "refused" ? message : "";
  } finally {
    asking = false;
  }
}

let asking = false;

/** Locks if nothing was done for too long. Also called when the page comes back into sight: timers rest while a machine sleeps. */
export function lockWhenIdle(): void {
  const minutes = settings.value?.auto_lock_minutes ?? 10;
  if (idleFor() >= minutes * 60_000) {
    lock(`Locked after ${counted(minutes, "minute")} without input.`);
  }
}

function stopTimers(): void {
  timers.forEach(clearInterval);
  timers = [];
}

/** Counts what the person does as activity, from the start of the page on. */
export function watchActivity(): void {
  for (const event of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
    addEventListener(event, noteActivity, { passive: true });
  }
}
