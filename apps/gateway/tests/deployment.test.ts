import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { newSigningKey } from "@quintet/accounts/testing";
import { trustedProxies } from "@quintet/http";
import { findTool } from "@quintet/stores/testing";
import type { Deployment } from "kubernetes-types/apps/v1.js";
import type { Service } from "kubernetes-types/core/v1.js";
import { describe, expect, inject, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { apps, issuer } from "../src/apps.ts";
import { loadConfig } from "../src/config.ts";
import { run } from "../src/run.ts";
import {
  type ComposeFile,
  type Container,
  composeContainers,
  type KubernetesObject,
  kubernetesContainers,
} from "./harness/containers.ts";
import { settingsOf } from "./harness/setting-names.ts";
import { testSettings } from "./harness/test-settings.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const exec = promisify(execFile);

const kubectl = await findTool("kubectl", process.env, console.log);
const rendered = await exec(kubectl, ["kustomize", join(root, "infra/kubernetes")]);
const objects = parseAllDocuments(rendered.stdout).map((document) => document.toJS() as KubernetesObject);
const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true }) as ComposeFile;

/** The ports that the programs choose by themselves. */
const line = /^# PORT=.*$/m.exec(readFileSync(join(root, ".env.example"), "utf8"))?.[0] ?? "";
const portOf = new Map(
  [...line.matchAll(/(\w+) (\d+)(?:,|$)/g)].map(([, program = "", port]) => [program, Number(port)]),
);

const secrets: Record<string, string> = {
  quintet_secret: "x".repeat(43),
  auth_signing_key: newSigningKey(),
  admin_password: "a long password",
  mysql_url: "mysql://quintet:x@mariadb:3306/quintet",
  reports_mysql_url: "mysql://quintet_reports:x@mariadb:3306/quintet",
  sql_mysql_url: "mysql://quintet_sql:x@mariadb:3306/quintet",
  postgres_url: "postgres://quintet:x@postgres:5432/quintet",
  redis_url: "redis://default:x@redis:6379",
  cache_redis_url: "redis://default:x@cache:6379",
};

/** Programs that are not the apps' own but read variables too. */
const ofOthers = ["NODE_ENV", "WORKERS"];

describe.each([
  ["docker-compose.yml", composeContainers(compose)],
  ["infra/kubernetes", kubernetesContainers(objects)],
])("%s", (_, containers) => {
  it("runs the gateway and every app", () => {
    expect(containers.map(({ program }) => program).toSorted()).toEqual([...settingsOf.keys()].toSorted());
    for (const { program } of containers) expect(existsSync(join(root, `apps/${program}/src/main.ts`))).toBe(true);
  });

  it.each(containers.map((one) => [one.program, one] as const))(
    "gives %s settings that it has, and takes",
    (_, one) => {
      const known = settingsOf.get(one.program) ?? new Set();
      const names = Object.keys(one.env).map((name) => (name === "LOG_FILE" ? name : name.replace(/_FILE$/, "")));
      expect(names.filter((name) => !known.has(name) && !ofOthers.includes(name))).toEqual([]);
      expect(() => configure(one)).not.toThrow();
      expect(one.ports).toContain(Number(one.env.PORT ?? portOf.get(one.program)));
      for (const { port } of one.probes) expect(one.ports).toContain(port);
      if (one.env.METRICS_PORT) expect(one.ports).toContain(Number(one.env.METRICS_PORT));
    },
  );

  it("gives each the secrets that it reads, and no other", () => {
    for (const one of containers) {
      const read = Object.entries(one.env).flatMap(([name, value]) => (name.endsWith("_FILE") ? [value] : []));
      expect(Object.keys(one.secrets).toSorted(), one.program).toEqual(read.toSorted());
    }
  });

  it("lets the gateway believe no pod of the cluster, and the apps the gateway", () => {
    for (const { program, env } of containers) {
      const trusted = trustedProxies(env.TRUSTED_PROXIES ?? "127.0.0.1");
      for (const address of ["10.42.0.7", "172.18.0.3", "192.168.3.4"]) {
        expect(trusted.check(address), `${program} ${address}`).toBe(program !== "gateway");
      }
    }
  });

  it("tells each where the others are", () => {
    const gateway = containers.find(({ program }) => program === "gateway");
    for (const { program, env } of containers) {
      if (program === "gateway") continue;
      expect(env.AUTH_URL).toBe(`http://gateway:${portOf.get("gateway")}`);
      expect(gateway?.env[`${program.toUpperCase()}_URL`]).toBe(`http://${program}:${portOf.get(program)}`);
    }
  });
});

it("asks for health where it is told, without a login", async () => {
  await using settings = await testSettings();
  const env = { ...settings.shared, ...settings.issuer, PORT: "0", LOG_LEVEL: "silent" };
  const gateway = await run({ env, first: true });
  await using _closing = { [Symbol.asyncDispose]: () => gateway.close() };
  const paths = [...composeContainers(compose), ...kubernetesContainers(objects)].flatMap(({ probes }) => probes);
  expect(paths.length).toBeGreaterThan(20);
  for (const path of new Set(paths.map((probe) => probe.path))) {
    expect((await fetch(gateway.url + path)).status, path).toBe(200);
  }
}, 60_000);

describe("the manifests", () => {
  const deployments = objects.filter(({ kind }) => kind === "Deployment") as unknown as Deployment[];

  it("have no field that Kubernetes does not know, and lack none", async () => {
    // Beside the gateway's own modules, so that the compiler finds the types.
    const folder = fileURLToPath(new URL(`../node_modules/.manifests-${process.pid}/`, import.meta.url));
    mkdirSync(folder, { recursive: true });
    try {
      const typed = objects.map((object, i) => {
        const group = object.apiVersion.replace(/^v1$/, "core/v1").replace(".k8s.io", "");
        return `const _${i}: import("kubernetes-types/${group}.js").${object.kind} = ${JSON.stringify(object)};`;
      });
      writeFileSync(join(folder, "manifests.mts"), `${typed.join("\n")}\nexport {};\n`);
      const tsc = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
      const options = ["--noEmit", "--strict", "--module", "nodenext", "--skipLibCheck"];
      const checked = exec(process.execPath, [tsc, ...options, join(folder, "manifests.mts")]);
      const faults = (error: { stdout?: string; message: string }) => ({ stdout: error.stdout || error.message });
      expect((await checked.catch(faults)).stdout).toBe("");
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);

  it.each(deployments.map((one) => [one.metadata?.name ?? "", one] as const))(
    "let %s do nothing but serve",
    (_, one) => {
      const pod = one.spec?.template.spec;
      expect(pod?.automountServiceAccountToken).toBe(false);
      expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      expect(pod?.containers[0]?.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(pod?.containers[0]?.resources?.limits).toHaveProperty("memory");
    },
  );

  it("let every pod drain before it is killed", () => {
    for (const container of kubernetesContainers(objects)) {
      const { spec } = deployments.find(({ metadata }) => metadata?.name === container.program)?.spec?.template ?? {};
      const [, pauseSeconds] = spec?.containers[0]?.lifecycle?.preStop?.exec?.command ?? [];
      const longest = Number(pauseSeconds) + Number(container.env.DRAIN_SECONDS) + 10;
      expect(spec?.terminationGracePeriodSeconds, container.program).toBeGreaterThan(longest);
    }
  });

  it("have a service for each deployment, whose pods it finds", () => {
    for (const { metadata, spec } of deployments) {
      const service = objects.find(({ kind, metadata: { name } }) => kind === "Service" && name === metadata?.name);
      const { selector, ports } = (service as unknown as Service).spec ?? {};
      expect(spec?.selector.matchLabels).toEqual(selector);
      expect(spec?.template.metadata?.labels).toMatchObject(selector ?? {});
      expect(ports?.[0]?.port).toBe(portOf.get(metadata?.name ?? ""));
      expect(spec?.template.spec?.containers[0]?.ports?.map(({ name }) => name)).toContain(ports?.[0]?.targetPort);
    }
  });
});

/** Lets a program read its settings, with secrets of the right kind. */
function configure({ program, env, secrets: mounted }: Container): void {
  const folder = inject("runDir");
  const given = Object.entries(env).map(([name, value]) => {
    const secret = mounted[value];
    if (secret === undefined) return [name, value];
    const path = join(folder, secret);
    writeFileSync(path, secrets[secret] ?? "");
    return [name, path];
  });
  // A folder of the container, which this machine need not have.
  const settings = Object.fromEntries(given.map(([name, value]) => [name, name === "BACKUP_DIR" ? folder : value]));
  if (program === "gateway") {
    loadConfig(settings);
    issuer.configure(settings);
  } else apps.find(({ name }) => name === program)?.configure(settings);
}
