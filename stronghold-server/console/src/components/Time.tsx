import { useEffect, useState } from "preact/hooks";

// A unit begins a little before it is full, so that nobody reads "60 minutes".
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** A time as people say it: "3 minutes ago", "in 2 days". */
export function relativeTime(time: string, now = Date.now()): string {
  const seconds = (Date.parse(time) - now) / 1000;
  if (Number.isNaN(seconds)) {
    return time;
  }
  const unit = UNITS.find(([, length]) => Math.abs(seconds) >= length * 0.98);
  return unit === undefined ? (seconds > 0 ? "in a moment" : "just now") : relative.format(Math.round(seconds / unit[1]), unit[0]);
}

/** A time exactly, in the person's zone. */
export function exactTime(time: string): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : exact.format(at);
}

/** A time, relative and kept so; the exact one in its title. Without a time it shows `never`. */
export function Time({ at, never = "never" }: { at: string | undefined; never?: string }) {
  const [, setNow] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setNow((before) => before + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return at === undefined ? <span class="quiet">{never}</span> : <time dateTime={at} title={exactTime(at)}>{relativeTime(at)}</time>;
}
