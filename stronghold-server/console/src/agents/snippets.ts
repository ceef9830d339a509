/** Ready commands for a new token. Only the one for the command line holds the token itself. */

/** A snippet, by what it is for. */
export type SnippetKind = "cli" | "docker" | "github";

/** A word for a POSIX shell: as it is where that is safe, else in single quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The option that names a profile; a name that begins with a dash is bound to it. */
function profileOption(profile: string): string {
  return `--profile${profile.startsWith("-") ? "=" : " "}${shellWord(profile)}`;
}

/** The text of a snippet. */
export function snippet(kind: SnippetKind, token: string, profile: string): string {
  const option = profileOption(profile);
  switch (kind) {
    case "cli":
      return `api-stronghold-cli auth api-user --token ${token}\napi-stronghold-cli env pull ${option} -o .env`;
    case "docker":
      return [
        "# The token comes with the container's start and is in no layer of the image.",
        "read -rs API_STRONGHOLD_TOKEN && export API_STRONGHOLD_TOKEN   # paste the token, then Enter",
        "docker run --rm -e API_STRONGHOLD_TOKEN YOUR_IMAGE \\",
        `  api-stronghold-cli env run ${option} -- YOUR_PROGRAM`,
      ].join("\n");
    case "github":
      return [
        "# Keep the token as the repository secret API_STRONGHOLD_TOKEN",
        "# (Settings > Secrets and variables > Actions).",
        "- name: Pull secrets",
        "  env:",
        "    API_STRONGHOLD_TOKEN: ${{ secrets.API_STRONGHOLD_TOKEN }}",
        "  run: |",
        `    api-stronghold-cli env pull ${option} -o .env`,
      ].join("\n");
  }
}
