/**
 * Tells why a script ends and returns its exit code. A failure that says what to do is one line; anything else is a
 * fault of ours and shows where. A start that was given up on request is no failure.
 */
export function tellFailure(error: unknown, givenUp: AbortSignal): number {
  if (givenUp.aborted) return 0;
  const expected =
    error instanceof Error &&
    (error.constructor === Error || ["ConfigError", "StartRefused", "StartFailure"].includes(error.name));
  console.error(expected ? error.message : error);
  return 1;
}
