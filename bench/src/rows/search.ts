import postgres from "postgres";
import { startApp } from "../app-process.ts";
import { compare, type Row } from "../row.ts";

const terms = ["", "a", "zq", "smi", "smith", "xqzwv", "maria gar"];

/** The directory's first page with its total, not cached, compared with two `ILIKE` queries without an index. */
export const search: Row = {
  name: "search",
  about: "directory search at 1,000,000 users, not cached",
  async run({ rounds, scale, openStores }) {
    const users = Math.round(1_000_000 * scale);
    await using app = await startApp("directory", ["mysql", "postgres", "redis", "cache"], {
      openStores,
      env: { DEMO_DATA: "true", DEMO_USERS: String(users) },
    });
    const sql = postgres(app.postgresUrl, { max: 1 });
    const first = async (term: string) => {
      const response = await fetch(`${app.url}/directory/users?limit=15&name=${encodeURIComponent(term)}`);
      return (await response.json()) as { users: { id: number }[]; total: number };
    };
    try {
      console.log(`  filling ${users} users`);
      const deadline = Date.now() + 600_000;
      while ((await first("")).total < users) {
        if (Date.now() > deadline) throw new Error("The demo users were not created.");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await sql`CREATE TABLE public.plain AS SELECT id, first_name, last_name, bio FROM directory.users`;
      await sql`ANALYZE public.plain`;
      for (const term of terms) {
        const words = term.split(" ").filter((word) => word !== "");
        const matching = words.map((word) => sql`(first_name ILIKE ${`%${word}%`} OR last_name ILIKE ${`%${word}%`})`);
        const where = matching.reduce((all, one) => sql`${all} AND ${one}`, sql`true`);
        const variants = [
          {
            name: "ILIKE and count(*)",
            async measure() {
              const started = performance.now();
              await sql`SELECT * FROM public.plain WHERE ${where} ORDER BY last_name LIMIT 15`;
              await sql`SELECT count(*) FROM public.plain WHERE ${where}`;
              return { figure: 1000 / (performance.now() - started) };
            },
          },
          {
            name: "GET /directory/users",
            async measure() {
              // Invalidates the cache.
              await sql`INSERT INTO directory.changes DEFAULT VALUES`;
              const started = performance.now();
              await first(term);
              return { figure: 1000 / (performance.now() - started) };
            },
          },
        ];
        await check(sql, where, term, await first(term));
        await compare(term === "" ? "No term" : `"${term}"`, "pages/s", variants, rounds);
      }
    } finally {
      await sql.end();
    }
  },
};

/** ILIKE is accent-sensitive and the directory is not, so the directory finds as many users or more. */
async function check(
  sql: postgres.Sql,
  where: postgres.PendingQuery<postgres.Row[]>,
  term: string,
  found: { users: unknown[]; total: number },
): Promise<void> {
  const [row] = await sql<{ n: number }[]>`SELECT count(*)::int AS n FROM public.plain WHERE ${where}`;
  const min = row?.n ?? 0;
  if (found.total < min * 0.9) throw new Error(`"${term}": ${found.total} found, ILIKE finds ${min}.`);
  if (min > 0 && found.users.length === 0) throw new Error(`"${term}": an empty page.`);
}
