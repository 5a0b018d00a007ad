import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "{apps,packages}/*/src/**/*.test.ts",
      "{apps,packages}/*/tests/**/*.test.ts",
      "{bench,scripts}/**/*.test.ts",
    ],
    // One run of the real stores serves all files; each file makes its own database and key prefix in them.
    globalSetup: ["packages/stores/src/vitest-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
