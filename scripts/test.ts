/**
 * `npm test`: formatting, lint, layers, unused exports, types and every test, as in CI. With arguments it runs only those tests:
 * `npm test -- apps/queue`. `npm run test:faults` runs the tests that have a long version at full size, all or those whose path contains
 * an argument.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FAULTS, faultTests } from "./fault-tests.ts";
import { stopRequests } from "./stop-requests.ts";

const root = resolve(import.meta.dirname, "..");
const NAMES: Record<string, string> = {
  biome: "formatting and lint",
  oxlint: "promises",
  depcruise: "layers",
  knip: "unused exports",
  tsc: "types",
};

/** Results; a check counts as one test. */
interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const stop = stopRequests();
const [first, ...others] = process.argv.slice(2);
if (first === "--faults") {
  const files = faultTests(root, others);
  if (files.length > 0) add(await tests(files, { [FAULTS]: "full" }));
  else
    console.error(
      `No test with a long version${others.length > 0 ? ` has a path that contains ${others.join(" or ")}` : ""}`,
    );
} else if (first) {
  add(await tests([first, ...others]));
} else {
  add(await checks());
  if (!stop.signal.aborted) add(await tests([]));
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(stop.signal.aborted ? 130 : total.failed > 0 || total.passed === 0 ? 1 : 0);

function add(count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
}

/** Runs the commands of package.json's `check` in parallel; prints the output of those that fail. */
async function checks(): Promise<Count> {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const commands = (scripts.check as string).split(" && ");
  const results = await Promise.all(
    commands.map(async (command) => {
      const { code, output } = await execute(command.split(" "), "pipe");
      const name = NAMES[command.split(" ")[0]!] ?? command;
      console.log(code === 0 ? `ok      ${name}` : `FAILED  ${name}: ${command}\n${output.trimEnd()}\n`);
      return code === 0;
    }),
  );
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

async function tests(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "quintet-report-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { code } = await execute(["vitest", "run", ...reporters, ...args], "inherit", env);
    const count = readReport(report);
    // An error outside any test counts as a failure.
    return code !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads vitest's JSON report; a file that could not be loaded counts as one failed test. */
function readReport(report: string): Count {
  let results: { status: string; assertionResults: { status: string }[] }[];
  try {
    results = JSON.parse(readFileSync(report, "utf8")).testResults;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const statuses = results.flatMap((file) => file.assertionResults.map((each) => each.status));
  const passed = statuses.filter((status) => status === "passed").length;
  const failed = statuses.filter((status) => status === "failed").length;
  const broken = results.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((each) => each.status === "failed"),
  ).length;
  return { passed, failed: failed + broken, skipped: statuses.length - passed - failed };
}

/** Runs a program of node_modules/.bin to its end; a request to stop is passed on to it. */
function execute(
  [program, ...args]: string[],
  out: "pipe" | "inherit",
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program!, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", out, out] });
    stop.signal.addEventListener("abort", () => child.kill("SIGTERM"));
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.on("error", fail);
    child.on("close", (code) => done({ code: code ?? 1, output }));
  });
}
