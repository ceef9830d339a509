/** A small turning ring; still, with a label, where motion is not wanted. */
export function Spinner({ label }: { label?: string }) {
  return <span class="spinner" role={label === undefined ? undefined : "status"} aria-label={label} aria-hidden={label === undefined ? "true" : undefined} />;
}

/** Grey bars in the place of what is being read. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} style={{ inlineSize: `${90 - ((line * 17) % 40)}%` }} />
      ))}
    </div>
  );
}
