import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icons";

/** One thing in a menu. */
export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** For choices: whether it is the chosen one. */
  checked?: boolean;
  act(): void;
}

/** A button that opens a list of things to do. Arrows move, Escape and Tab close, focus goes back to the button. */
export function Menu({ label, button, items, icon }: { label: string; button?: ComponentChildren; icon?: IconName; items: (MenuItem | "line")[] }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const entries = (): HTMLElement[] => [...(root.current?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  // At once, so that a key pressed right after opening already moves in the list.
  useLayoutEffect(() => {
    if (!open) {
      return undefined;
    }
    place(opener.current, list.current);
    entries()[0]?.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) {
        setOpen(false);
      }
    };
    // A scroll that was over when it opened is told afterwards, and moves nothing.
    const opened = opener.current?.getBoundingClientRect();
    const scrolled = (): void => {
      const now = opener.current?.getBoundingClientRect();
      if (now?.top !== opened?.top || now?.left !== opened?.left) {
        setOpen(false);
      }
    };
    addEventListener("pointerdown", outside);
    addEventListener("scroll", scrolled, { capture: true, passive: true });
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("scroll", scrolled, { capture: true });
    };
  }, [open]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!open) {
      return;
    }
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[to % all.length]?.focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    }
  };
  return (
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button ref={opener} type="button" class={button === undefined ? "icon-button" : "menu-button"} aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} aria-label={label} title={label} onClick={() => setOpen(!open)}>
        {button ?? <Icon name={icon ?? "more"} />}
      </button>
      {open && (
        <div role="menu" ref={list} id={id} class="menu-list" aria-label={label}>
          {items.map((item, index) => item === "line" ? <div key={index} role="separator" class="menu-line" /> : (
            <button
              key={item.label}
              type="button"
              role={item.checked === undefined ? "menuitem" : "menuitemradio"}
              aria-checked={item.checked}
              tabIndex={-1}
              class={item.danger ? "menu-item danger" : "menu-item"}
              onClick={() => {
                close();
                item.act();
              }}
            >
              {item.icon !== undefined ? <Icon name={item.icon} /> : item.checked ? <Icon name="check" /> : <span class="icon" />}
              <span>{item.label}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Puts the list below its button, or above where there is no room; fixed, so that no scrolling box cuts it off. */
function place(button: HTMLElement | null, list: HTMLElement | null): void {
  if (button === null || list === null) {
    return;
  }
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = list;
  const below = at.bottom + 4 + height <= innerHeight || at.top < height + 8;
  list.style.insetBlockStart = `${below ? at.bottom + 4 : at.top - height - 4}px`;
  list.style.insetInlineStart = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}
