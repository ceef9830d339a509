import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

/** Tabs: arrows move between them, and what is shown follows. */
export function Tabs<V extends string>({ label, value, onValue, tabs, children }: {
  label: string;
  value: V;
  onValue(value: NoInfer<V>): void;
  tabs: { value: V; label: ComponentChildren }[];
  /** The panel of the tab that is chosen. */
  children: ComponentChildren;
}) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((tab) => tab.value === value);
    const steps: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    const next = to === undefined ? undefined : tabs[to % tabs.length];
    if (next !== undefined) {
      event.preventDefault();
      onValue(next.value);
      list.current?.querySelectorAll("button")[tabs.indexOf(next)]?.focus();
    }
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} class="tab-list" ref={list} onKeyDown={move}>
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-${tab.value}`}
            aria-selected={tab.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.value === value ? 0 : -1}
            onClick={() => onValue(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`} class="tab-panel">{children}</div>
    </div>
  );
}
