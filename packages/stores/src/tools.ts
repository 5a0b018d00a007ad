import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installMissing } from "./install.ts";
import { findPrograms, programFolders } from "./programs.ts";

/** A program that tests and benchmarks use in addition to the stores. */
interface Tool {
  title: string;
  /** Possible names of the program, in order of preference. */
  names: string[];
  /** The environment variable for its path. */
  variable: string;
  debianPackage: string;
  homebrewFormula: string;
}

const tools = {
  aws: {
    title: "the AWS CLI",
    names: ["aws"],
    variable: "AWS_CLI",
    debianPackage: "awscli",
    homebrewFormula: "awscli",
  },
  avro: {
    title: "Avro for Python",
    names: ["avro"],
    variable: "AVRO",
    debianPackage: "python3-avro",
    homebrewFormula: "avro-tools",
  },
  avrocat: {
    title: "Avro's avrocat",
    names: ["avrocat"],
    variable: "AVROCAT",
    debianPackage: "avro-bin",
    homebrewFormula: "avro-c",
  },
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
 * The path of a tool: the value of its variable in `env` (`CHROMIUM`, `PROMTOOL`, …), or the program on this machine,
 * which is installed if it is missing, as a store's server program is. Starts no system service.
 */
export async function findTool(
  name: ToolName,
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
): Promise<string> {
  const tool: Tool = tools[name];
  const configured = env[tool.variable];
  if (configured) return configured;
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
