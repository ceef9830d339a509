/** Accept. */
export function AcceptPage() {
  return <main class="entry"><h1>Accept</h1></main>;
}
