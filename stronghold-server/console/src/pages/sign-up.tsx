/** SignUp. */
export function SignUpPage() {
  return <main class="entry"><h1>SignUp</h1></main>;
}
