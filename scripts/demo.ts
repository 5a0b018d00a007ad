/** `npm run demo`: walks through every app of a running Quintet as a user would, and undoes its changes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { loadSecrets } from "../packages/stores/src/index.ts";
import { directory } from "./demo/directory.ts";
import { ingest } from "./demo/ingest.ts";
import { properties } from "./demo/properties.ts";
import { queue } from "./demo/queue.ts";
import { social } from "./demo/social.ts";
import { type Server, UnexpectedResponse, Visitor } from "./demo/visitor.ts";
import { readEnvironment } from "./environment.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: environment, dataDir } = readEnvironment();
const { env } = readSettingFiles(environment, ["ADMIN_USERNAME", "ADMIN_PASSWORD"]);
const url = (env.QUINTET_URL ?? "http://localhost:8080").replace(/\/$/, "");
const server: Server = { url, stopRequested: false };

const walks: [string, (anyone: Visitor, admin: Visitor) => Promise<void>][] = [
  ["Listings", properties],
  ["CSV files, backups and reports", ingest],
  ["Directory", directory],
  ["Queue", queue],
  ["Posts and votes", social],
];

const stop = stopRequests();
stop.signal.addEventListener("abort", () => {
  server.stopRequested = true;
});
stop.again.then(() => process.exit(130), failed);
process.exit(await demo().catch(failed));

async function demo(): Promise<number> {
  await checkReachable();
  const { username, password } = await adminAccount();
  const anyone = new Visitor(server);
  heading("Account");
  await anyone.call("GET", "/health");
  const admin = await anyone.logIn(username, password);
  await admin.call("GET", "/auth/me");
  for (const [title, walk] of walks) {
    heading(title);
    await walk(anyone, admin);
  }
  console.log("All responses were as expected.");
  return 0;
}

async function checkReachable(): Promise<void> {
  await fetch(`${url}/health`).catch(() => {
    throw new UnexpectedResponse(
      `Nothing is listening at ${url}. Start it with "npm start", or set QUINTET_URL=http://…`,
    );
  });
}

/** The staff account, from the environment or from the data folder. */
async function adminAccount(): Promise<{ username: string; password: string }> {
  if (env.ADMIN_USERNAME && env.ADMIN_PASSWORD) return { username: env.ADMIN_USERNAME, password: env.ADMIN_PASSWORD };
  if (!existsSync(join(dataDir, "secrets.json"))) {
    throw new UnexpectedResponse(`No account found in ${dataDir}: set ADMIN_USERNAME and ADMIN_PASSWORD, or DATA_DIR.`);
  }
  const kept = (await loadSecrets(dataDir)).env;
  return { username: kept.ADMIN_USERNAME, password: kept.ADMIN_PASSWORD };
}

function heading(title: string): void {
  console.log(`\n── ${title} ${"─".repeat(Math.max(3, 70 - title.length))}\n`);
}

/** Prints an error, and one that occurred while changes were undone. */
function failed(error: unknown): number {
  if (error instanceof SuppressedError) {
    failed(error.suppressed);
    return failed(error.error);
  }
  console.error(error instanceof UnexpectedResponse ? error.message : error);
  return 1;
}
