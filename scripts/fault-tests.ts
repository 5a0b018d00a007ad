import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The environment variable that makes tests run at full size. */
export const FAULTS = "QUINTET_FAULTS";

/**
 * The tests with a long version, as paths below `root`: those that read `QUINTET_FAULTS`, and the `*.faults.ts` files that
 * have no short one. `wanted` are substrings of their paths; without any, all tests.
 */
export function faultTests(root: string, wanted: string[]): string[] {
  const files = globSync("{apps,packages}/*/{src,tests}/**/*.{test,faults}.ts", { cwd: root }).sort();
  return files.filter(
    (file) =>
      (file.endsWith(".faults.ts") || readFileSync(join(root, file), "utf8").includes(FAULTS)) &&
      (wanted.length === 0 || wanted.some((part) => file.includes(part))),
  );
}
