/** `pnpm dev [turbo argument...]`: runs the chosen apps as processes that reload on change, with only the stores that they need. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { apps, issuer, urlSetting } from "../apps/gateway/src/apps.ts";
import { defaultPort } from "../apps/gateway/src/plan.ts";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { loadSecrets, openStores, type StoreName, saveSecretsInUse } from "../packages/stores/src/index.ts";
import { ConfigError } from "../packages/workers/src/index.ts";
import { readEnvironment } from "./environment.ts";
import { reportFailure } from "./failure.ts";
import { settingErrors } from "./settings.ts";
import { stopRequests } from "./stop-requests.ts";

const { root, env: environment, dataDir } = readEnvironment();
const PORTS: Record<string, number> = {
  gateway: defaultPort,
  ...Object.fromEntries([issuer, ...apps].map(({ name, port }) => [name, port])),
};
/** The stores of the accounts, which every app has that runs without a gateway. */
const accountStores: StoreName[] = ["mysql", "redis"];
const turboArguments = ["run", "dev", ...process.argv.slice(2)];
const stop = stopRequests();

process.stdout.on("error", () => {});
process.exit(await dev().catch((error) => reportFailure(error, stop.signal)));

async function dev(): Promise<number> {
  const names = chosenPrograms();
  // PORT applies only when a single app runs.
  const isAlone = names.length === 1;
  const ports =
    isAlone && /^\d+$/.test(environment.PORT ?? "") ? { ...PORTS, [names[0]!]: Number(environment.PORT) } : PORTS;
  const settings: NodeJS.ProcessEnv = {
    DEMO_DATA: "true",
    SHOW_EMAILS: environment.DEMO_DATA || "true",
    WORKERS: "0", // node --watch restarts it
    BACKUP_DIR: join(dataDir, "backups"),
    ...environment,
    ...addresses(names, ports),
  };
  if (!isAlone) delete settings.PORT;
  const faults = await settingErrors(
    names.map((name) => `${name}:${ports[name]}`),
    settings,
  );
  if (faults.length > 0) throw new ConfigError(faults);
  const needs = [...new Set([...accountStores, ...names.flatMap(storesOf)])];
  await using stores = await openStores({
    dataDir,
    needs,
    env: environment,
    progress: console.log,
    signal: stop.signal,
  });
  const { env: secrets } = await loadSecrets(dataDir);
  await saveSecretsInUse(dataDir, readSettingFiles(settings, ["QUINTET_SECRET", "AUTH_SIGNING_KEY"]).env);
  if (stop.signal.aborted) return 0;
  console.log(`Starting ${names.join(", ")}`);
  console.log(`The password of ${secrets.ADMIN_USERNAME} is in ${join(dataDir, "secrets.json")}\n`);

  const PATH = `${pnpmFolder()}:${environment.PATH}`;
  const env = { ...secrets, ...settings, ...stores.env, PATH };
  // In its own session turbo does not receive Ctrl-C from the terminal, only the one signal sent below.
  const turbo = spawn("turbo", turboArguments, {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = once(turbo, "exit") as Promise<[number | null]>;
  const ready = untilListening(
    names.map((name) => ports[name]!),
    environment.HOST,
  ).then(() => console.log(screen(names, ports)));
  await Promise.race([ended, stop.first, ready.then(() => ended)]);
  if (stop.signal.aborted) turbo.kill("SIGTERM");
  const [code] = await ended;
  return stop.signal.aborted ? 0 : (code ?? 1);
}

/** Resolves when each of these ports accepts connections; polls until then. */
async function untilListening(ports: number[], host = "127.0.0.1"): Promise<void> {
  const at = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  for (const port of ports) while (!(await isListening(port, at))) await pause(200);
}

function isListening(port: number, host: string): Promise<boolean> {
  const socket = connect({ port, host, timeout: 1000 });
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    for (const event of ["error", "timeout"]) socket.once(event, () => resolve(false));
  }).finally(() => socket.destroy());
}

function screen(names: string[], ports: Record<string, number>): string {
  const lines = names.map((name) => {
    const url = `http://localhost:${ports[name]}`;
    const path = { gateway: "", accounts: "/auth" }[name] ?? `/${name}`;
    return `  ${name.padEnd(12)}${url}${path}\n`;
  });
  return `\nReady. Reloads when a file changes:\n\n${lines.join("")}\n  Stop        Ctrl-C\n`;
}

/** The stores that a program needs beside those of the accounts: the gateway mounts what does not run by itself. */
function storesOf(name: string): readonly StoreName[] {
  if (name === "gateway") return apps.flatMap(({ stores }) => stores);
  return apps.find((app) => app.name === name)?.stores ?? [];
}

/** The programs that turbo would run with these arguments. */
function chosenPrograms(): string[] {
  const plan = spawnSync("turbo", [...turboArguments, "--dry=json"], { cwd: root, encoding: "utf8" });
  if (plan.status !== 0) throw new Error(plan.stderr || plan.error?.message);
  const { tasks } = JSON.parse(plan.stdout) as { tasks: { task: string; command: string; directory: string }[] };
  return tasks
    .filter((task) => task.task === "dev" && task.command !== "<NONEXISTENT>")
    .map(({ directory }) => basename(directory));
}

/** Where the chosen programs find each other. Without the gateway among them an app is its own issuer of tokens. */
function addresses(names: string[], ports: Record<string, number>): Record<string, string> {
  const withGateway = names.includes("gateway");
  const front = withGateway ? "gateway" : names[0]!;
  const found: Record<string, string> = { PUBLIC_URL: `http://localhost:${ports[front]}` };
  if (!withGateway) return found;
  found.AUTH_URL = `http://127.0.0.1:${ports[names.includes(issuer.name) ? issuer.name : "gateway"]}`;
  for (const name of names.filter((each) => each !== "gateway")) {
    found[urlSetting(name)] = `http://127.0.0.1:${ports[name]}`;
  }
  return found;
}

/** turbo runs the packages' scripts with pnpm, which may not be installed: npx provides the version in package.json. */
function pnpmFolder(): string {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const found = spawnSync("npx", ["--yes", `--package=${packageManager}`, "--", "which", "pnpm"], { encoding: "utf8" });
  if (found.status !== 0) throw new Error(found.stderr || found.error?.message);
  return dirname(found.stdout.trim());
}
