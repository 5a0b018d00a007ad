import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "quintet-lines-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program that logs 1,000 lines and ends as `ending` says; resolves with what it wrote on standard output. */
function logsAndEnds(ending: string, file?: string): Promise<string> {
  const logger = JSON.stringify(new URL("./logger.ts", import.meta.url).href);
  const program = `
    import { createLogger } from ${logger};
    const log = createLogger({ service: "t", level: "info", file: ${JSON.stringify(file)} });
    for (let i = 0; i < 1000; i++) log.line('"labels":{"route":"/things/' + i + '"}');
    log.warn("the last");
    ${ending}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ["--input-type=module", "-e", program], (_error, stdout) => resolve(stdout));
  });
}

describe("lines", () => {
  it.each([
    ["the process has nothing more to do", ""],
    ["it exits", "process.exit(3);"],
    ["it exits later, in the middle of a write", "setTimeout(() => process.exit(3), 1);"],
    ["an error is caught by nobody", "setImmediate(() => { throw new Error('x'); });"],
  ])("are all written when %s", async (_when, ending) => {
    const lines = (await logsAndEnds(ending)).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).labels?.route).slice(0, -1)).toEqual(
      Array.from({ length: 1000 }, (_, i) => `/things/${i}`),
    );
    expect(lines).toHaveLength(1001);
  });

  it("go to a file whose folder is made, and look like pino's", async () => {
    const file = join(folder, "logs", "quintet.log");
    await logsAndEnds("process.exit(0);", file);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const [first, last] = [lines[0], lines.at(-1)].map((line) => JSON.parse(line as string));
    expect(lines).toHaveLength(1001);
    const { "log.level": level, message, ...common } = last;
    expect([level, message]).toEqual(["warn", "the last"]);
    const { labels, ...own } = first;
    expect(labels).toEqual({ route: "/things/0" });
    const moment = { "@timestamp": expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(own).toEqual({ ...common, "log.level": "info", ...moment });
  });
});
