const line = /"request":\{[^}]*?"method":"(\w+)"[^\n]*?"status_code":(\d+)[^\n]*?"route":"([^"\n]+)"/g;

/** Which routes the lines of a log tell of, as `GET /social/posts/{id}`, and the statuses that each was answered with. */
export function seenIn(log: string): Map<string, number[]> {
  const seen = new Map<string, Set<number>>();
  for (const [, method = "", status, route = ""] of log.matchAll(line)) {
    const name = `${method} ${route.replaceAll(/:(\w+)/g, "{$1}")}`;
    seen.set(name, (seen.get(name) ?? new Set()).add(Number(status)));
  }
  return new Map([...seen].map(([name, statuses]) => [name, [...statuses]]));
}
