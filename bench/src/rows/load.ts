import { loadData, openHiresTables, postCsv } from "../hires-tables.ts";
import { compare, type Row } from "../row.ts";

/** A CSV file of hires over HTTP, every field validated, compared with a bare `LOAD DATA LOCAL INFILE` of the same rows. */
export const load: Row = {
  name: "load",
  about: "a CSV file of 1,000,000 hires into MySQL",
  async run({ rounds, scale, openStores }) {
    await using tables = await openHiresTables(Math.round(1_000_000 * scale), openStores);
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, tables.app.server.memory());
    }, 100);
    const variants = [loadData(tables), postCsv(tables)];
    await compare("Load, all fields validated, references checked", "rows/s", variants, rounds).finally(() =>
      clearInterval(watch),
    );
    console.log(`  peak memory of the app's process: ${Math.round(peak / 1e6)} MB`);
  },
};
