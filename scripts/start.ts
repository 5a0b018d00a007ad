/** `npm start`: the stores, the gateway with every app in this process, one screen that says where everything is. */
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { run } from "../apps/gateway/src/run.ts";
import { readSettingFiles, withDefaults } from "../packages/http/src/setting-files.ts";
import { claimDataDir, keptSecrets, openStores, type StoreName } from "../packages/stores/src/index.ts";
import { tellFailure } from "./failure.ts";
import { readGiven } from "./given.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: given, dataDir } = readGiven();
const logFile = resolve(given.LOG_FILE ?? join(dataDir, "quintet.log"));
const port = Number(given.PORT ?? 8080);
const stop = stopRequests();
/** Resolves to the exit code when an error came that nobody caught: the stores are stopped even then. */
const fault = new Promise<number>((resolve) => {
  process.on("uncaughtException", (error) => {
    console.error("Stopping after a fault:", error);
    resolve(1);
  });
});

process.stdout.on("error", () => {}); // A reader that has gone (npm start | head) is no reason to stop.
process.exit(await start().catch((error) => tellFailure(error, stop.signal)));

async function start(): Promise<number> {
  const claim = await claimDataDir(dataDir);
  if ("heldBy" in claim) {
    throw new Error(`Quintet runs already on ${dataDir}, as process ${claim.heldBy}. Stop it there, or set DATA_DIR`);
  }
  if (await isTaken(port, given.HOST ?? "127.0.0.1")) {
    throw new Error(`Port ${port} is taken by another program. Choose another: PORT=${port + 1} npm start`);
  }
  const needs: StoreName[] = ["mysql", "postgres", "redis"];
  const { env: known, faults } = readSettingFiles(given, ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL"]);
  if (faults.length > 0) throw new Error(`Bad settings: ${faults.join("; ")}. See .env.example.`);
  await using stores = await openStores({ dataDir, needs, env: known, progress: say, signal: stop.signal });
  const { firstStart, env: secrets } = await keptSecrets(dataDir);
  if (stop.signal.aborted) return 0;
  const defaults = { DEMO_DATA: "true", BACKUP_DIR: join(dataDir, "backups") };
  const env: NodeJS.ProcessEnv = {
    ...withDefaults({ ...defaults, ...secrets }, known),
    ...stores.env,
    LOG_FILE: logFile,
  };
  say("Starting Quintet");
  const starting = run(env, { progress: say });
  starting.catch(() => {}); // Told of below, unless nobody waits for it any longer.
  // The second Ctrl-C does not wait for anything but the stores.
  const gateway = await Promise.race([starting, stop.again, fault]);
  if (typeof gateway !== "object") return gateway ?? 0;
  if (!stop.signal.aborted)
    say(
      screen(
        gateway.url,
        firstStart && env.ADMIN_PASSWORD !== undefined && !given.ADMIN_PASSWORD,
        env,
        stores.location,
      ),
    );
  const failure = await Promise.race([stop.first, fault]);
  if (failure) return failure;
  say("\nStopping: requests under way are finished first; Ctrl-C again to cut them");
  await Promise.race([gateway.close(), stop.again]);
  return 0;
}

function screen(url: string, showPassword: boolean, env: NodeJS.ProcessEnv, location: string): string {
  const kept = given.ADMIN_PASSWORD ? "ADMIN_PASSWORD" : join(dataDir, "secrets.json");
  const password = showPassword ? `${env.ADMIN_PASSWORD}  (shown this once; kept in ${kept})` : `in ${kept}`;
  return `
Quintet runs at ${url}

  Docs      ${url}/docs
  Admin     ${env.ADMIN_USERNAME}, password ${password}
  Data      ${location}
  Log       ${logFile}
  Stop      Ctrl-C
`;
}

function say(line: string): void {
  console.log(line);
}

/** Asked before the long steps, so that the answer comes at once. */
function isTaken(wanted: number, host: string): Promise<boolean> {
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) return Promise.resolve(false);
  return new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code === "EADDRINUSE"));
    server.listen(wanted, host, () => server.close(() => done(false)));
  });
}
