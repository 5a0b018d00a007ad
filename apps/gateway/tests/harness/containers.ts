import type { ConfigMap, Pod } from "kubernetes-types/core/v1.js";

/** A container of ours, as a deployment describes it. */
export interface Container {
  /** The app that it runs. */
  program: string;
  env: Record<string, string>;
  /** The secrets that it is given, by the path where they lie. */
  secrets: Record<string, string>;
  /** Where it is asked whether it is well. */
  probes: { path: string; port: number }[];
  ports: number[];
}

/** A rendered Kubernetes object, as far as all of them are alike. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec?: { template?: Pod; [field: string]: unknown };
}

/** The containers of rendered manifests; each must have one in each of its pods, which runs an app's `main.ts`. */
export function kubernetesContainers(objects: KubernetesObject[]): Container[] {
  return objects.filter(({ kind }) => kind === "Deployment").map((deployment) => containerOf(deployment, objects));
}

function containerOf(deployment: KubernetesObject, objects: KubernetesObject[]): Container {
  const pod = deployment.spec?.template?.spec;
  const [container, ...others] = pod?.containers ?? [];
  if (!container || others.length > 0) throw new Error(`${deployment.metadata.name} has no container, or several.`);
  const shared = container.envFrom?.map(({ configMapRef }) => {
    const found = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === configMapRef?.name);
    return (found as ConfigMap | undefined)?.data ?? {};
  });
  const own = container.env?.map(({ name, value }) => [name, value ?? ""]) ?? [];
  const mounts = container.volumeMounts ?? [];
  const files = pod?.volumes?.flatMap(({ name, secret }) => {
    const folder = mounts.find((mount) => mount.name === name)?.mountPath;
    return secret?.items?.map(({ key, path }) => [`${folder}/${path}`, key]) ?? [];
  });
  const ports = container.ports ?? [];
  const { livenessProbe, readinessProbe, startupProbe } = container;
  return {
    program: programOf(container.command),
    env: Object.assign({}, ...(shared ?? []), Object.fromEntries(own)),
    secrets: Object.fromEntries(files ?? []),
    probes: [livenessProbe, readinessProbe, startupProbe].map((probe) => {
      const get = probe?.httpGet;
      return { path: get?.path ?? "", port: ports.find(({ name }) => name === get?.port)?.containerPort ?? 0 };
    }),
    ports: ports.map(({ containerPort }) => containerPort),
  };
}

/** What is looked at of a compose file. */
export interface ComposeFile {
  services: Record<string, { image: string; command?: string[]; environment?: Record<string, string> } & Probed>;
  secrets: Record<string, { file: string }>;
}

interface Probed {
  secrets?: string[];
  healthcheck?: { test: string[] };
}

/** The containers of a compose file that run our image, with the defaults of the variables in it. */
export function composeContainers({ services }: ComposeFile): Container[] {
  const ours = Object.values(services).filter(({ image }) => image === "quintet");
  return ours.map(({ command, environment = {}, secrets = [], healthcheck }) => {
    const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\/[^']*)'/.exec(healthcheck?.test.at(-1) ?? "") ?? [];
    const env = Object.entries(environment).map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, "$1")]);
    return {
      program: programOf(command),
      env: Object.fromEntries(env),
      secrets: Object.fromEntries(secrets.map((name) => [`/run/secrets/${name}`, name])),
      probes: [{ path: path ?? "", port: Number(port) }],
      ports: [Number(port)],
    };
  });
}

function programOf(command: string[] | undefined): string {
  const [, program] = /^node apps\/(\w+)\/src\/main\.ts$/.exec(command?.join(" ") ?? "") ?? [];
  if (!program) throw new Error(`No program: ${command?.join(" ")}`);
  return program;
}
