import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAction } from "../hooks";
import { visible } from "./Badge";
import { Button, IconButton } from "./Button";
import { ErrorNote } from "./ErrorNote";
import { Field } from "./Field";

/** What a dialog takes. */
export interface DialogProps {
  title: string;
  onClose(): void;
  children: ComponentChildren;
  /** Buttons at the foot; the first thing to do comes last, at the right. */
  footer?: ComponentChildren;
  /** With this the body is a form: Enter submits, and `footer` holds a submit button. */
  onSubmit?: () => void;
  /** Stays open until `onClose` is called by something inside: for what is shown once, and for work that must not be left half. */
  mustStay?: boolean;
  wide?: boolean;
}

/** A modal dialog. Focus goes to the first field (or what has autoFocus), stays inside, and goes back where it was; Escape closes. */
export function Dialog({ title, onClose, children, footer, onSubmit, mustStay = false, wide }: DialogProps) {
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  // A layout effect: its end runs before the next dialog begins, which could not see where the focus came from otherwise.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog === null) {
      return undefined;
    }
    dialog.showModal();
    (dialog.querySelector<HTMLElement>("[data-autofocus]") ?? dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea):not([type=checkbox])") ?? dialog).focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  const body = (
    <>
      <div class="dialog-body">{children}</div>
      {footer !== undefined && <footer class="dialog-footer">{footer}</footer>}
    </>
  );
  return (
    <dialog
      ref={element}
      class={wide ? "dialog wide" : "dialog"}
      tabIndex={-1}
      aria-labelledby={id}
      {...{ closedby: mustStay ? "none" : "closerequest" }}
      onKeyDown={(event) => event.key === "Escape" && mustStay && event.preventDefault()}
      onCancel={(event) => {
        event.preventDefault();
        if (!mustStay) {
          onClose();
        }
      }}
    >
      <header class="dialog-header">
        <h2 id={id}>{title}</h2>
        {!mustStay && <IconButton icon="close" label="Close" onPress={onClose} />}
      </header>
      {onSubmit === undefined ? body : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            // A form around the dialog is not what was sent.
            event.stopPropagation();
            onSubmit();
          }}
        >
          {body}
        </form>
      )}
    </dialog>
  );
}

/** Asks before something happens. With `typed`, that text must be typed first: for what cannot be undone. */
export function ConfirmDialog({ title, children, confirm, typed, danger = true, onConfirm, onClose }: {
  title: string;
  children: ComponentChildren;
  /** What the button says: the thing that happens ("Delete agent"). */
  confirm: string;
  typed?: string;
  danger?: boolean;
  /** Does it. Stays open and busy meanwhile; on success the caller closes it or shows what came of it; an error is shown here. */
  onConfirm(): Promise<unknown>;
  onClose(): void;
}) {
  const [text, setText] = useState("");
  const [mismatch, setMismatch] = useState<string>();
  const action = useAction(onConfirm);
  const submit = (): void => {
    if (typed !== undefined && ![typed, visible(typed)].includes(text.trim())) {
      setMismatch(`Type “${visible(typed)}” exactly.`);
      return;
    }
    setMismatch(undefined);
    void action.run();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={submit}
      mustStay={action.busy}
      footer={
        <>
          <Button onPress={onClose} disabled={action.busy}>Cancel</Button>
          <Button type="submit" kind={danger ? "danger" : "primary"} busy={action.busy}>{confirm}</Button>
        </>
      }
    >
      {children}
      {typed !== undefined && <Field label={`Type “${visible(typed)}” to confirm`} value={text} onValue={setText} error={mismatch} autoFocus />}
      <ErrorNote error={action.error} />
    </Dialog>
  );
}
