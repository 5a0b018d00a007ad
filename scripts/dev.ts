/** `pnpm dev [turbo argument...]`: the chosen apps as processes that reload on change, on just the stores they need. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keptSecrets, openStores, type StoreName } from "../packages/stores/src/index.ts";
import { tellFailure } from "./failure.ts";
import { readGiven } from "./given.ts";
import { stopRequests } from "./stop-requests.ts";

const { root, env: given, dataDir } = readGiven();
// The apps' own defaults; here to tell the gateway where the others are.
const PORTS: Record<string, number> = {
  gateway: 8080,
  properties: 8081,
  ingest: 8082,
  directory: 8083,
  queue: 8084,
  social: 8085,
};
const turboArguments = ["run", "dev", ...process.argv.slice(2)];
const stop = stopRequests();

process.stdout.on("error", () => {});
process.exit(await dev().catch((error) => tellFailure(error, stop.signal)));

async function dev(): Promise<number> {
  const chosen = chosenApps();
  const names = chosen.map((app) => app.name);
  // A port that was given is for an app that runs alone.
  const alone = names.length === 1 && given.PORT ? { [names[0]!]: Number(given.PORT) } : {};
  const ports = { ...PORTS, ...alone };
  const needs = [...new Set(chosen.flatMap((app) => app.stores))];
  await using stores = await openStores({ dataDir, needs, env: given, progress: console.log, signal: stop.signal });
  const { env: secrets } = await keptSecrets(dataDir);
  if (stop.signal.aborted) return 0;
  for (const name of names) console.log(`${name.padEnd(12)}http://localhost:${ports[name]}`);
  console.log(`The password of ${secrets.ADMIN_USERNAME} is in ${join(dataDir, "secrets.json")}\n`);

  const PATH = `${pnpmFolder()}:${given.PATH}`;
  const env: NodeJS.ProcessEnv = {
    DEMO_DATA: "true",
    WORKERS: "0", // node --watch starts it again
    BACKUP_DIR: join(dataDir, "backups"),
    ...secrets,
    ...given,
    ...addresses(names, ports),
    ...stores.env,
    PATH,
  };
  if (names.length > 1) delete env.PORT;
  // In a session of its own, turbo hears of a Ctrl-C from here only, and once.
  const turbo = spawn("turbo", turboArguments, {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const ended = once(turbo, "exit") as Promise<[number | null]>;
  await Promise.race([ended, stop.first]);
  if (stop.signal.aborted) turbo.kill("SIGTERM");
  const [code] = await ended;
  return stop.signal.aborted ? 0 : (code ?? 1);
}

interface App {
  name: string;
  stores: StoreName[];
}

/** The apps that turbo would run with these arguments, each with the stores that its package.json names. */
function chosenApps(): App[] {
  const plan = spawnSync("turbo", [...turboArguments, "--dry=json"], { cwd: root, encoding: "utf8" });
  if (plan.status !== 0) throw new Error(plan.stderr || plan.error?.message);
  const { tasks } = JSON.parse(plan.stdout) as { tasks: { task: string; command: string; directory: string }[] };
  return tasks
    .filter((task) => task.task === "dev" && task.command !== "<NONEXISTENT>")
    .map(({ directory }) => {
      const { name, quintet } = JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8"));
      return { name: name.replace("@quintet/", ""), stores: quintet?.stores ?? [] };
    });
}

/** Where the chosen apps find each other. Without the gateway among them an app is its own issuer of tokens. */
function addresses(names: string[], ports: Record<string, number>): Record<string, string> {
  const withGateway = names.includes("gateway");
  const front = withGateway ? "gateway" : names[0]!;
  const found: Record<string, string> = { PUBLIC_URL: `http://localhost:${ports[front]}` };
  if (!withGateway) return found;
  found.AUTH_URL = `http://127.0.0.1:${ports.gateway}`;
  for (const name of names.filter((each) => each !== "gateway")) {
    found[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${ports[name]}`;
  }
  return found;
}

/** turbo runs a package's script by pnpm, which need not be installed: npx keeps the one that package.json names. */
function pnpmFolder(): string {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const found = spawnSync("npx", ["--yes", `--package=${packageManager}`, "--", "which", "pnpm"], { encoding: "utf8" });
  if (found.status !== 0) throw new Error(found.stderr || found.error?.message);
  return dirname(found.stdout.trim());
}
