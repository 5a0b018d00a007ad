/** `npm run backup -- FOLDER` and `npm run restore -- FOLDER`: the data folder into a new folder, and out of it. */
import { resolve } from "node:path";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { backUp, restore } from "../packages/stores/src/index.ts";
import { withSettingsFile } from "../packages/workers/src/index.ts";
import { tellFailure } from "./failure.ts";
import { readGiven } from "./given.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: given, dataDir } = readGiven();
const [what, named] = process.argv.slice(2);
/** As seen from where npm was called. */
const folder = named && resolve(given.INIT_CWD ?? ".", named);
const stop = stopRequests();
process.exit(await run().catch((error) => (stop.signal.aborted ? 130 : tellFailure(error, stop.signal))));

async function run(): Promise<number> {
  if (!folder) {
    throw new Error(`Name a folder: npm run ${what === "restore" ? "restore -- FOLDER" : "backup -- NEW_FOLDER"}`);
  }
  const { env, faults } = readSettingFiles(withSettingsFile(given), ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL"]);
  if (faults.length > 0) throw new Error(`Bad settings: ${faults.join("; ")}. See .env.example.`);
  const progress = (line: string) => console.log(line);
  const options = { dataDir, folder, backupDir: env.BACKUP_DIR, env, progress, signal: stop.signal };
  await (what === "restore" ? restore(options) : backUp(options));
  console.log(what === "restore" ? `${dataDir} is restored: start it by "npm start"` : `${folder} is complete`);
  return 0;
}
