const loopback = new Set(["127.0.0.1", "[::1]", "localhost"]);

/** Whether a host name, as a URL has it, is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return loopback.has(hostname);
}

/** The names by which a browser on this machine may know this origin: itself, and the others of the loopback interface if it is one. */
export function originAliases(origin: string): string[] {
  const { protocol, hostname, port } = new URL(origin);
  if (!isLoopback(hostname)) return [origin];
  return [...loopback].map((name) => `${protocol}//${name}${port && `:${port}`}`);
}
