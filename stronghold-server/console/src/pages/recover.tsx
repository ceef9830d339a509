/** Recover. */
export function RecoverPage() {
  return <main class="entry"><h1>Recover</h1></main>;
}
