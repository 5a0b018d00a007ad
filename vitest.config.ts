import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Set by `npm run test:faults`: tests run at their full size, one file at a time, and may take hours. */
const atFullSize = process.env.QUINTET_FAULTS === "full";

/** Files that start installations, browsers or programs take longest, whatever their size. */
const long = /[.]browser[.]|^(apps[/]gateway|bench|packages[/]workers)[/]tests[/]|^scripts[/]start[.]/;

/** Starts with the longest files, so that none is left over at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(relative(import.meta.dirname, moduleId));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: [
      "{apps,packages}/*/src/**/*.test.ts",
      "{apps,packages}/*/tests/**/*.test.ts",
      "{bench,scripts}/**/*.test.ts",
      ...(atFullSize ? ["{apps,packages}/*/tests/**/*.faults.ts"] : []),
    ],
    // One run of the real stores serves all files; each file makes its own database and key prefix in them.
    globalSetup: ["packages/stores/src/vitest-setup.ts"],
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    // One more than the cores of a small machine: a third of the time, tests wait for stores, timeouts and pages.
    maxWorkers: atFullSize ? 1 : 3,
    testTimeout: atFullSize ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    // What is waited for may take long on a busy machine.
    expect: { poll: { timeout: 20_000 } },
  },
});
