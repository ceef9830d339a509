/** Reads of agents, counted per hour or day: what the chart shows. */
import type { AuditEntry } from "../api";
import { isRead } from "./words";

/** One agent's line in the legend. */
export interface Series {
  id: string;
  name: string;
  total: number;
}

/** One hour or day; `counts` are in the order of the series. */
export interface Bucket {
  start: number;
  counts: number[];
  total: number;
}

/** What the chart shows. */
export interface Reads {
  unit: "hour" | "day";
  series: Series[];
  /** How many agents read: more than there are series where some share one. */
  agents: number;
  buckets: Bucket[];
  total: number;
  highest: number;
}

/** Agents with a colour of their own; the others share one. */
const MOST_SERIES = 6;
const MOST_BUCKETS = 366;
const HOUR = 3_600_000;
const OTHERS = "others";

/** The start of the hour or day that a time is in, in the person's zone. */
function startOf(time: number, unit: "hour" | "day"): number {
  const at = new Date(time);
  return unit === "day" ? new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime() : new Date(at.getFullYear(), at.getMonth(), at.getDate(), at.getHours()).getTime();
}

function following(start: number, unit: "hour" | "day"): number {
  // A day is not always 24 hours long.
  const at = new Date(start);
  return unit === "hour" ? start + HOUR : new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime();
}

/** Counts the allowed reads of agents among records; hours for up to two days, days for more. Nothing where there is none. */
export function readsOf(entries: AuditEntry[]): Reads | undefined {
  const reads = entries.flatMap((entry) => {
    const time = Date.parse(entry.time);
    return isRead(entry) && entry.outcome === "allowed" && entry.principal?.kind === "agent" && !Number.isNaN(time) ? [{ time, agent: entry.principal }] : [];
  });
  if (reads.length === 0) {
    return undefined;
  }
  const times = reads.map((read) => read.time);
  const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
  const unit = last - first <= 48 * HOUR ? "hour" : "day";
  const series = seriesOf(reads.map((read) => read.agent));
  const places = new Map(series.map(({ id }, place) => [id, place]));
  const buckets = new Map<number, Bucket>();
  for (let start = startOf(first, unit); start <= last; start = following(start, unit)) {
    buckets.set(start, { start, counts: series.map(() => 0), total: 0 });
  }
  for (const { time, agent } of reads) {
    const bucket = buckets.get(startOf(time, unit));
    const place = places.get(agent.id) ?? places.get(OTHERS);
    if (bucket !== undefined && place !== undefined) {
      bucket.counts[place] = (bucket.counts[place] ?? 0) + 1;
      bucket.total += 1;
    }
  }
  const shown = [...buckets.values()].slice(-MOST_BUCKETS);
  return { unit, series, agents: new Set(reads.map((read) => read.agent.id)).size, buckets: shown, total: reads.length, highest: Math.max(...shown.map((bucket) => bucket.total)) };
}

/** The agents with the most reads, then the rest together. */
function seriesOf(agents: { id: string; name: string }[]): Series[] {
  const counted = new Map<string, Series>();
  for (const { id, name } of agents) {
    const known = counted.get(id) ?? { id, name, total: 0 };
    counted.set(id, { ...known, total: known.total + 1 });
  }
  const all = [...counted.values()].sort((a, b) => b.total - a.total || a.name.localeCompare(b.name));
  if (all.length <= MOST_SERIES + 1) {
    return all;
  }
  const rest = all.slice(MOST_SERIES);
  return [...all.slice(0, MOST_SERIES), { id: OTHERS, name: `${rest.length} others`, total: rest.reduce((sum, { total }) => sum + total, 0) }];
}
