/** Forms say what is wrong beside the fields; the first of those fields then has the focus, so that it is heard and can be mended at once. */
export function watchForms(): void {
  addEventListener("submit", ({ target }) => {
    // Two frames: by then the form has been rendered with what it found.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (target instanceof HTMLFormElement && target.isConnected) {
        target.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
      }
    }));
  }, { capture: true });
}
