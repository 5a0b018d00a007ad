/** `npm run properties -- adopt --check | check | rebuild`: the listings on the MySQL database of `MYSQL_URL`. */
import { compareListings, reportFindings } from "../apps/properties/src/adopt.ts";
import { readSettingFiles } from "../packages/http/src/settings/setting-files.ts";
import { withSettingsFile } from "../packages/workers/src/index.ts";
import { readEnvironment } from "./environment.ts";
import { reportFailure } from "./failure.ts";

process.exit(await run().catch((error) => reportFailure(error, new AbortController().signal)));

async function run(): Promise<number> {
  const command = process.argv.slice(2).join(" ");
  const { env, faults } = readSettingFiles(withSettingsFile(readEnvironment().env), ["MYSQL_URL"]);
  if (faults.length > 0) throw new Error(`Bad settings: ${faults.join("; ")}. See .env.example.`);
  const url = env.MYSQL_URL;
  if (!url) throw new Error("MYSQL_URL is missing: the database with the properties.");
  const print = (line: string) => console.log(line);
  if (command === "adopt --check") return (await reportFindings(url, print)) ? 0 : 1;
  if (command === "check") return (await compareListings(url, false, print)) === 0 ? 0 : 1;
  if (command === "rebuild") {
    await compareListings(url, true, print);
    return 0;
  }
  throw new Error("Specify what to do: npm run properties -- adopt --check | check | rebuild");
}
