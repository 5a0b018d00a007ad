import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The variable by which a test learns that it shall run at its full size. */
export const FAULTS = "QUINTET_FAULTS";

/**
 * The tests that have a long version, as paths below `root`: those that read `QUINTET_FAULTS`, and the `*.faults.ts` files that
 * have no short one. `wanted` are parts of their paths; all of them when there are none.
 */
export function faultTests(root: string, wanted: string[]): string[] {
  const files = globSync("{apps,packages}/*/{src,tests}/**/*.{test,faults}.ts", { cwd: root }).sort();
  return files.filter(
    (file) =>
      (file.endsWith(".faults.ts") || readFileSync(join(root, file), "utf8").includes(FAULTS)) &&
      (wanted.length === 0 || wanted.some((part) => file.includes(part))),
  );
}
