import { statSync } from "node:fs";

/**
 * Calls `onChange` when one of these files has changed and then stayed the same for one interval, so that no half-written file is read.
 * Polls and follows links, so a file that is replaced by a rename or by a link is noticed, also on volumes without change notifications.
 * Returns a function that stops it.
 */
export function watchFiles(paths: string[], onChange: () => void, everyMs = 1000): () => void {
  let settled = stateOf(paths);
  let last = settled;
  const timer = setInterval(() => {
    const now = stateOf(paths);
    if (now === last && now !== settled) {
      settled = now;
      onChange();
    }
    last = now;
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function stateOf(paths: string[]): string {
  return paths
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs}` : "";
    })
    .join("\n");
}
