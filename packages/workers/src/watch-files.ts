import { statSync } from "node:fs";

/**
 * Calls back when one of these files has changed and has then been the same for a moment, so that nobody reads a half-written one.
 * Links are followed at each look: a file that is replaced by a rename or by turning a link is seen, also on volumes
 * that send no notices. Returns how to stop.
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
