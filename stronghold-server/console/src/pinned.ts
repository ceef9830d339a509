/**
 * Fetches a file of the build by its hash. A browser keeps such files for good, so that one that a server altered once would stay: what
 * does not match is asked for once more, past the cache. Rejects where no file comes, or another one.
 */
export function fetchPinned(url: string, integrity: string): Promise<Response> {
  return fetch(url, { integrity }).catch(() => fetch(url, { integrity, cache: "reload" }));
}
