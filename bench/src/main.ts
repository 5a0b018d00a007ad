import { parseArgs } from "node:util";
import { rows } from "./rows.ts";
import { openRowStores } from "./stores.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
  },
});
const chosen = positionals.length === 0 ? rows : rows.filter((row) => positionals.includes(row.name));
if (chosen.length === 0) {
  console.error(`Unknown row. Available rows: ${rows.map((row) => row.name).join(", ")}.`);
  process.exit(1);
}
for (const row of chosen) {
  console.log(`\n# ${row.name}: ${row.about}`);
  const [rounds, seconds, scale] = [Number(values.rounds), Number(values.seconds), Number(values.scale)];
  await row.run({ rounds, seconds, scale, openStores: openRowStores });
}
