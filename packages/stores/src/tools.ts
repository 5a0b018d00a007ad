import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installMissing } from "./install.ts";
import { findPrograms, programFolders } from "./programs.ts";

/** A program that tests and benchmarks use beside the stores. */
interface Tool {
  title: string;
  /** The names under which it may be found, the wanted one first. */
  names: string[];
  /** The variable that may hold its path. */
  variable: string;
  debianPackage: string;
  homebrewFormula: string;
}

const tools = {
  chromium: {
    title: "Chromium",
    names: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    variable: "CHROMIUM",
    debianPackage: "chromium",
    homebrewFormula: "chromium",
  },
  curl: { title: "curl", names: ["curl"], variable: "CURL", debianPackage: "curl", homebrewFormula: "curl" },
  django: {
    title: "Django",
    names: ["django-admin"],
    variable: "DJANGO_ADMIN",
    debianPackage: "python3-django",
    homebrewFormula: "django",
  },
  nginx: {
    title: "nginx",
    names: ["nginx"],
    variable: "NGINX",
    debianPackage: "nginx-light",
    homebrewFormula: "nginx",
  },
  haproxy: {
    title: "HAProxy",
    names: ["haproxy"],
    variable: "HAPROXY",
    debianPackage: "haproxy",
    homebrewFormula: "haproxy",
  },
  kubectl: {
    title: "kubectl",
    names: ["kubectl"],
    variable: "KUBECTL",
    debianPackage: "kubernetes-client",
    homebrewFormula: "kubernetes-cli",
  },
  promtool: {
    title: "Prometheus' promtool",
    names: ["promtool"],
    variable: "PROMTOOL",
    debianPackage: "prometheus",
    homebrewFormula: "prometheus",
  },
  wapiti: {
    title: "Wapiti",
    names: ["wapiti"],
    variable: "WAPITI",
    debianPackage: "wapiti",
    homebrewFormula: "wapiti",
  },
  wrk: { title: "wrk", names: ["wrk"], variable: "WRK", debianPackage: "wrk", homebrewFormula: "wrk" },
} satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

/**
 * The path of a tool: what its variable in `env` says (`CHROMIUM`, `PROMTOOL`, …), or the one on this machine, which is installed first as a store's server program is. No service comes with it.
 */
export async function findTool(
  name: ToolName,
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
): Promise<string> {
  const tool: Tool = tools[name];
  const given = env[tool.variable];
  if (given) return given;
  const find = async () => {
    for (const program of tool.names) {
      const found = await findPrograms([program], programFolders());
      if (found) return found;
    }
    return null;
  };
  const logFolder = await mkdtemp(join(tmpdir(), "quintet-tool-"));
  try {
    await installMissing([{ ...tool, variable: `${tool.variable} to its path`, find }], logFolder, progress);
  } finally {
    await rm(logFolder, { recursive: true, force: true });
  }
  return Object.values((await find()) ?? {})[0] as string;
}
