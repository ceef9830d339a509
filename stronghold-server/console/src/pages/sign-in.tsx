/** SignIn. */
export function SignInPage() {
  return <main class="entry"><h1>SignIn</h1></main>;
}
