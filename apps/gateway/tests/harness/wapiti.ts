import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTool } from "@quintet/stores/testing";
import { scanEndpoint } from "./scan-endpoint.ts";

/** One entry of Wapiti's report. */
export interface Finding {
  category: string;
  method: string;
  path: string;
  parameter: string;
  info: string;
  http_request: string;
}

/** How long it may look for pages; it attacks all that it has found, however long that takes. */
const crawlSeconds = 300;

/**
 * Scans everything below `url`, from these pages on, with these modules; throws when the scanner makes no report or when a
 * module of it breaks down. It leaves the loopback for nothing.
 */
export async function scan(url: string, modules: string[], start: string[] = []): Promise<Finding[]> {
  const wapiti = await findTool("wapiti", process.env, (line) => console.log(line));
  const folder = await mkdtemp(join(tmpdir(), "quintet-wapiti-"));
  try {
    await using endpoint = await scanEndpoint();
    const report = join(folder, "report.json");
    const args = ["-u", url, ...start.flatMap((one) => ["-s", one]), "--scope", "folder", "-m", modules.join(",")];
    args.push("--max-scan-time", `${crawlSeconds}`, "-t", "45", "-v", "1");
    args.push("--endpoint", endpoint.url, "--no-bugreport", "--store-session", folder, "--store-config", folder);
    args.push("--flush-session", "-f", "json", "-o", report);
    const env = { PATH: process.env.PATH ?? "", HOME: folder, LANG: "C.UTF-8", LANGUAGE: "en" };
    const child = spawn(wapiti, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        log += text;
      });
    }
    const [code] = await once(child, "close");
    const text = await readFile(report, "utf8").catch(() => "");
    const broken = log.search(/^(?:Traceback|\s+File ")/m);
    if (code !== 0 || text === "" || broken >= 0) {
      const said = broken >= 0 ? log.slice(Math.max(0, broken - 1000), broken + 3000) : log.slice(-4000);
      throw new Error(`Wapiti ended with ${code}:\n${said}`);
    }
    const parsed = JSON.parse(text) as Record<"vulnerabilities" | "anomalies", Record<string, Finding[]>>;
    const findings = [parsed.vulnerabilities, parsed.anomalies].flatMap((kind) =>
      Object.entries(kind).flatMap(([category, found]) => found.map((one) => ({ ...one, category }))),
    );
    for (const path of endpoint.fetched) {
      const fetched = {
        category: "Fetched by the server",
        method: "GET",
        path,
        parameter: "",
        info: path,
        http_request: "",
      };
      findings.push(fetched);
    }
    return findings;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One line for each finding, with the request that showed it. */
export function told(findings: Finding[]): string {
  return findings
    .map((one) => `${one.category}: ${one.info} (${one.parameter})\n${one.http_request.slice(0, 800)}`)
    .join("\n\n");
}
