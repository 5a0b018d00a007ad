const loopback = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** Whether the hostname of a URL is that of the loopback interface. */
export function isLoopback(hostname: string): boolean {
  return loopback.has(hostname);
}

/** The origins by which a browser may know this one: itself, and for one on the loopback interface its other names. */
export function originAliases(origin: string): string[] {
  const { protocol, hostname, port } = new URL(origin);
  if (!isLoopback(hostname)) return [origin];
  return [...loopback].map((name) => `${protocol}//${name}${port && `:${port}`}`);
}
