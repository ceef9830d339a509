import { CopyField } from "../components/CopyField";
import { Note } from "../components/ErrorNote";
import { server } from "../server";

/** Which console this is, and how an outsider finds out whether the server serves the published one. */
export function Code({ version }: { version: string }) {
  return (
    <section class="card" aria-labelledby="code">
      <header><h2 id="code">This console</h2></header>
      <dl class="facts">
        <dt>Version</dt>
        <dd class="numbers">{version}</dd>
        <dt>Hashes</dt>
        <dd><a href="SHA256SUMS" target="_blank" rel="noopener">SHA256SUMS</a>, as this server serves it</dd>
      </dl>
      <Note tone="warn">
        <p><strong>This page comes from the server.</strong> Everything that it shows is verified here, but a hostile server could serve a page that does not, and takes your password. That is the one weakness that the command line does not have: for what must not depend on it, use <code>api-stronghold-cli</code>.</p>
      </Note>
      <details>
        <summary>Compare what is served with the release</summary>
        <div class="stack">
          <p>The same sources give the same bytes anywhere, and each release is published with its <code>SHA256SUMS</code>. Take that file from the release, not from this server, and run this on another machine. It prints nothing where all is the same:</p>
          <CopyField multiline what="commands" text={commands(server)} />
          <p class="quiet">It shows what the server gave at that moment, to whoever asked. Another one may be given something else.</p>
        </div>
      </details>
    </section>
  );
}

function commands(origin: string): string {
  return `for file in $(cut -c67- SHA256SUMS | grep -v '^csp.txt$'); do
  url=${origin}/$file
  test "$file" = index.html && url=${origin}/
  curl -sf "$url" | sha256sum | sed "s|-|$file|"
done | diff - <(grep -v '  csp.txt$' SHA256SUMS)`;
}
