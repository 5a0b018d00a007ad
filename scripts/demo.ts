/** `npm run demo`: a client that walks through every app of a running Quintet as a user would. It leaves things as they were. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { keptSecrets } from "../packages/stores/src/index.ts";
import { directory } from "./demo/directory.ts";
import { ingest } from "./demo/ingest.ts";
import { properties } from "./demo/properties.ts";
import { queue } from "./demo/queue.ts";
import { social } from "./demo/social.ts";
import { type Server, Surprise, Visitor } from "./demo/visitor.ts";
import { readGiven } from "./given.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: given, dataDir } = readGiven();
const { env } = readSettingFiles(given, ["ADMIN_USERNAME", "ADMIN_PASSWORD"]);
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
  await checkThatSomethingListens();
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
  console.log("Every answer was as it should be.");
  return 0;
}

async function checkThatSomethingListens(): Promise<void> {
  await fetch(`${url}/health`).catch(() => {
    throw new Surprise(`Nothing listens at ${url}. Start it by "npm start", or say where it is: QUINTET_URL=http://…`);
  });
}

/** The staff account, from the environment or from what the first start has kept. */
async function adminAccount(): Promise<{ username: string; password: string }> {
  if (env.ADMIN_USERNAME && env.ADMIN_PASSWORD) return { username: env.ADMIN_USERNAME, password: env.ADMIN_PASSWORD };
  if (!existsSync(join(dataDir, "secrets.json"))) {
    throw new Surprise(`${dataDir} has no account: set ADMIN_USERNAME and ADMIN_PASSWORD, or DATA_DIR.`);
  }
  const kept = (await keptSecrets(dataDir)).env;
  return { username: kept.ADMIN_USERNAME, password: kept.ADMIN_PASSWORD };
}

function heading(title: string): void {
  console.log(`\n── ${title} ${"─".repeat(Math.max(3, 70 - title.length))}\n`);
}

/** What went wrong, and what went wrong again while things were put back. */
function failed(error: unknown): number {
  if (error instanceof SuppressedError) {
    failed(error.suppressed);
    return failed(error.error);
  }
  console.error(error instanceof Surprise ? error.message : error);
  return 1;
}
