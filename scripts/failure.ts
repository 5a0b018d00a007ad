/**
 * Prints why a script failed and returns its exit code. An expected error is one line; anything else is a bug and is printed with its
 * stack. A start that was stopped on request is no failure.
 */
export function reportFailure(error: unknown, stopped: AbortSignal): number {
  if (stopped.aborted) return 0;
  const expected =
    error instanceof Error &&
    (error.constructor === Error || ["ConfigError", "StartRefused", "StartFailure"].includes(error.name));
  console.error(expected ? error.message : error);
  return 1;
}
