/** Forms say what is wrong beside the fields; the first of those fields then has the focus, so that it is heard and can be mended at once. */
export function watchForms(): void {
  let watched: MutationObserver | undefined;
  const stop = (): void => watched?.disconnect();
  addEventListener("submit", ({ target }) => {
    stop();
    // Two frames: by then the form has been rendered with what it found.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!(target instanceof HTMLFormElement) || !target.isConnected || focusWrong(target)) {
        return;
      }
      // A key is judged by the worker, which takes longer; until something else is typed, what it finds still counts.
      watched = new MutationObserver(() => focusWrong(target) && stop());
      watched.observe(target, { subtree: true, attributes: true, attributeFilter: ["aria-invalid"] });
    }));
  }, { capture: true });
  addEventListener("input", stop, { capture: true });
}

/** Moves the focus to the first field that is wrong; tells whether there is one. */
function focusWrong(form: HTMLFormElement): boolean {
  const wrong = form.querySelector<HTMLElement>("[aria-invalid=true]");
  wrong?.focus();
  return wrong !== null;
}
