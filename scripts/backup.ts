/** `npm run backup -- FOLDER` and `npm run restore -- FOLDER`: backs up the data folder to a new folder, and restores it. */
import { resolve } from "node:path";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { backUp, restore } from "../packages/stores/src/index.ts";
import { withSettingsFile } from "../packages/workers/src/index.ts";
import { readEnvironment } from "./environment.ts";
import { reportFailure } from "./failure.ts";
import { stopRequests } from "./stop-requests.ts";

const { env: environment, dataDir } = readEnvironment();
const [command, path] = process.argv.slice(2);
/** Relative to the folder in which npm was called. */
const folder = path && resolve(environment.INIT_CWD ?? ".", path);
const stop = stopRequests();
process.exit(await run().catch((error) => (stop.signal.aborted ? 130 : reportFailure(error, stop.signal))));

async function run(): Promise<number> {
  if (!folder) {
    throw new Error(
      `Specify a folder: npm run ${command === "restore" ? "restore -- FOLDER" : "backup -- NEW_FOLDER"}`,
    );
  }
  const { env, faults } = readSettingFiles(withSettingsFile(environment), ["MYSQL_URL", "POSTGRES_URL", "REDIS_URL"]);
  if (faults.length > 0) throw new Error(`Bad settings: ${faults.join("; ")}. See .env.example.`);
  const progress = (line: string) => console.log(line);
  const options = { dataDir, folder, backupDir: env.BACKUP_DIR, env, progress, signal: stop.signal };
  await (command === "restore" ? restore(options) : backUp(options));
  console.log(command === "restore" ? `Restored ${dataDir}. Start it with "npm start"` : `Backup complete: ${folder}`);
  return 0;
}
