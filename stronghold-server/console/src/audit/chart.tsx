import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { AuditEntry } from "../api";
import { Name } from "../components/Badge";
import { counted } from "../words";
import { readsOf, type Bucket, type Reads } from "./buckets";

const HEIGHT = 168;
const LEFT = 36;
const TOP = 10;
const BOTTOM = 24;
const LABEL_EVERY = 92;

const hour = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** An hour or day in few letters, for where there is little room. */
function labelOf(bucket: Bucket, unit: Reads["unit"]): string {
  return (unit === "hour" ? hour : day).format(bucket.start);
}

/** An hour or day, with the year where it is a day. */
function fullLabelOf(bucket: Bucket, unit: Reads["unit"]): string {
  return (unit === "hour" ? hour : dayOfYear).format(bucket.start);
}

/** How often agents read, by time and agent, in what is loaded of the log; the same as a table below it. Nothing where no agent read. */
export function ReadsChart({ entries, more }: { entries: AuditEntry[]; more: boolean }) {
  const id = useId();
  const reads = useMemo(() => readsOf(entries), [entries]);
  if (reads === undefined) {
    return null;
  }
  return (
    <figure class="card chart" aria-labelledby={id}>
      <figcaption id={id}>
        <h2>Reads by agents per {reads.unit}</h2>
        <span class="quiet">{more ? "In the records that are loaded; further back there are more." : "In all records of this filter."}</span>
      </figcaption>
      <Bars reads={reads} />
      <ul class="legend">
        {reads.series.map((series, place) => (
          <li key={series.id}>
            <svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="3" class={`series-${place}`} /></svg>
            <Name>{series.name}</Name> <span class="quiet numbers">{series.total}</span>
          </li>
        ))}
      </ul>
      <details>
        <summary>Show as a table</summary>
        <ReadsTable reads={reads} />
      </details>
    </figure>
  );
}

function Bars({ reads: { buckets, agents, unit, total, highest } }: { reads: Reads }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) {
      return undefined;
    }
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const top = niceTop(highest);
  const step = (width - LEFT) / buckets.length;
  const bar = Math.max(1, Math.min(step * 0.8, 48));
  const y = (count: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top);
  const labelled = Math.max(1, Math.ceil(LABEL_EVERY / Math.max(step, 0.1)));
  const [first, last] = [buckets[0], buckets[buckets.length - 1]];
  const summary = `${counted(total, "read")} by ${counted(agents, "agent")}${first !== undefined && last !== undefined ? `, from ${fullLabelOf(first, unit)} to ${fullLabelOf(last, unit)}` : ""}; at most ${highest} in one ${unit}. The table below has the numbers.`;
  return (
    <div ref={box} class="chart-box">
      {width > 0 && (
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={summary}>
          {[0, top / 2, top].filter(Number.isInteger).map((count) => (
            <g key={count}>
              <line class="grid" x1={LEFT} x2={width} y1={y(count)} y2={y(count)} />
              <text class="tick" x={LEFT - 8} y={y(count) + 4} text-anchor="end">{count}</text>
            </g>
          ))}
          {buckets.map((bucket, place) => (
            <g key={bucket.start}>
              <title>{`${fullLabelOf(bucket, unit)}: ${counted(bucket.total, "read")}`}</title>
              {stacked(bucket).map(({ series: of, from, to }) => (
                <rect key={of} class={`series-${of}`} x={LEFT + place * step + (step - bar) / 2} width={bar} y={y(to)} height={Math.max(y(from) - y(to) - (from > 0 ? 1 : 0), 0.5)} />
              ))}
              {place % labelled === 0 && place * step < width - LEFT - 40 && <text class="tick" x={Math.max(LEFT + (place + 0.5) * step, LABEL_EVERY / 2)} y={HEIGHT - 6} text-anchor="middle">{labelOf(bucket, unit)}</text>}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

/** The parts of a bar from the bottom up, those with something in them. */
function stacked(bucket: Bucket): { series: number; from: number; to: number }[] {
  let from = 0;
  return bucket.counts.flatMap((count, series) => {
    const part = { series, from, to: from + count };
    from += count;
    return count === 0 ? [] : [part];
  });
}

/** A round number at or above the highest bar. */
function niceTop(highest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  return [2, 4, 6, 10].map((factor) => factor * power).find((top) => top >= highest) ?? 10 * power;
}

function ReadsTable({ reads: { buckets, series, unit } }: { reads: Reads }) {
  return (
    <div class="table-box chart-table" tabIndex={0} role="region" aria-label={`Reads by agents per ${unit}, as a table`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{unit === "hour" ? "Hour" : "Day"}</th>
            {series.map(({ id, name }) => <th key={id} scope="col" class="end"><Name>{name}</Name></th>)}
            <th scope="col" class="end">All</th>
          </tr>
        </thead>
        <tbody>
          {buckets.filter((bucket) => bucket.total > 0).reverse().map((bucket) => (
            <tr key={bucket.start}>
              <th scope="row" class="numbers">{fullLabelOf(bucket, unit)}</th>
              {bucket.counts.map((count, place) => <td key={place} class="end numbers">{count}</td>)}
              <td class="end numbers">{bucket.total}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
