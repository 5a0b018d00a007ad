import { fileURLToPath } from "node:url";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { readStatements } from "../../../apps/properties/src/sql/statements.ts";
import { type AppUnderTest, startApp } from "../app-process.ts";
import { startServer } from "../processes.ts";
import { compare, loadVariant, type Row } from "../row.ts";

const plainListings = fileURLToPath(new URL("../servers/plain-listings.ts", import.meta.url));

/** Searches as query strings of the API, and as conditions of the plain join. */
const searches: [query: string, where: string, order: string][] = [
  ["sort=id", "true", "p.id"],
  ["city=pereira", "p.city = 'pereira'", "p.id"],
  ["year=2009&city=pereira&status=vendido", "p.year = 2009 AND p.city = 'pereira' AND s.name = 'vendido'", "p.id"],
  ["sort=-price", "true", "p.price DESC, p.id DESC"],
  ["maxPrice=30000000&sort=-id", "p.price <= 30000000", "p.id DESC"],
  ["q=helipuerto", "p.description LIKE '%helipuerto%'", "p.id"],
  ["q=casa+xyzzy", "p.description LIKE '%casa%' AND p.description LIKE '%xyzzy%'", "p.id"],
];

/** Filters that are measured alone and in pairs: of every kind, common and rare. */
const filters = [
  "city=pereira",
  "city=cali&city=pereira",
  "year=2009",
  "minYear=2005",
  "status=vendido",
  "minPrice=60500000",
  "maxPrice=30000000",
  "q=casa",
  "q=helipuerto",
  "q=casa+xyzzy",
];

/** Pages of listings, compared with a join over the whole status history and with one bare statement. */
export const listings: Row = {
  name: "listings",
  about: "searches of 1,000,000 listings with 5,000,000 statuses",
  async run({ rounds, seconds, scale, openStores }) {
    const count = Math.round(1_000_000 * scale);
    await using app = await startApp("properties", ["mysql", "redis"], { openStores });
    const sql = await createConnection(app.mysqlUrl);
    try {
      await fill(sql, count);
      const plain = async (where: string, order: string) => {
        const [rows] = await sql.query<RowDataPacket[]>(join(where, order));
        return rows.map(({ id }) => Number(id));
      };
      for (const [query, where, order] of searches) {
        const [ids, expected] = [await page(app, query), await plain(where, order)];
        if (ids.join() !== expected.join()) throw new Error(`${query}: got ${ids}, the join returns ${expected}.`);
        const timed = (name: string, work: () => Promise<unknown>) => ({
          name,
          async measure() {
            const started = performance.now();
            await work();
            return { figure: 1000 / (performance.now() - started) };
          },
        });
        const variants = [
          timed("join of all history", () => plain(where, order)),
          timed("GET /properties", () => page(app, query)),
        ];
        await compare(query, "pages/s", variants, rounds);
      }
      // Little data is there to show that the row works.
      const requests = scale < 0.1 ? 2 : 20 * rounds;
      await measureFilters(app, requests);
      for (const sort of ["id", "-price"]) await measureLastPage(app, sort, count, requests);
      await using bare = await startServer(process.execPath, [plainListings], { env: { MYSQL_URL: app.mysqlUrl } });
      const path = `/properties?${searches[2]?.[0]}`;
      const headers = { Authorization: app.authorization };
      const variants = [
        loadVariant("bare statement", [bare], { url: `http://127.0.0.1:${bare.port}${path}` }, seconds),
        loadVariant("GET /properties", [app.server], { url: app.url + path, headers }, seconds),
      ];
      await compare("A page by city, year and status", "requests/s", variants, rounds);
    } finally {
      await sql.end();
    }
  },
};

/** Prints how long the first pages of the filters take, each alone and with each other of another parameter. */
async function measureFilters(app: AppUnderTest, requests: number): Promise<void> {
  const nameOf = (filter: string) =>
    filter
      .split("=")[0]
      ?.replace(/^(min|max)/, "")
      .toLowerCase();
  const pairs = filters.flatMap((one, i) =>
    filters.slice(i + 1).flatMap((other) => (nameOf(one) === nameOf(other) ? [] : [`${one}&${other}`])),
  );
  console.log("\nFirst pages, ms: p50 and p99");
  for (const query of [...filters, ...pairs].flatMap((filter) => [filter, `${filter}&sort=-price`])) {
    await printTimes(query, requests, () => page(app, query));
  }
}

/** Prints how long the page takes that is the 50,000th of a million listings, by its cursor. */
async function measureLastPage(app: AppUnderTest, sort: string, count: number, requests: number): Promise<void> {
  let query = `sort=${sort}&limit=100`;
  for (let read = 0; read < count - 200; read += 100) {
    const response = await fetch(`${app.url}/properties?${query}`, { headers: { Authorization: app.authorization } });
    const { nextCursor } = (await response.json()) as { nextCursor: string | null };
    if (nextCursor === null) break;
    query = `sort=${sort}&limit=100&cursor=${nextCursor}`;
  }
  const last = query.replace("limit=100", "limit=20");
  await printTimes(`the last pages, sort=${sort}`, requests, () => page(app, last));
}

async function printTimes(name: string, requests: number, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < requests; i++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1).padStart(8);
  console.log(`  ${name.padEnd(60)} ${at(0.5)} ${at(0.99)}`);
}

/** The ids of a search's first page; empty when nothing is found. */
async function page(app: AppUnderTest, query: string): Promise<number[]> {
  const response = await fetch(`${app.url}/properties?${query}`, { headers: { Authorization: app.authorization } });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  const { properties } = (await response.json()) as { properties: { id: number }[] };
  return properties.map(({ id }) => id);
}

/** The latest status of each property, from the four tables alone. */
function join(where: string, order: string): string {
  return `SELECT p.id, p.address, p.city, p.price, p.description, p.year, s.name AS status
    FROM property AS p
    INNER JOIN status_history AS h ON h.property_id = p.id
    INNER JOIN (SELECT property_id, MAX(update_date) AS latest FROM status_history GROUP BY property_id) AS last
      ON last.property_id = h.property_id AND last.latest = h.update_date
    INNER JOIN status AS s ON s.id = h.status_id
    WHERE s.name IN ('pre_venta', 'en_venta', 'vendido') AND ${where}
    ORDER BY ${order} LIMIT 20`;
}

/** Fills the tables in the server, then waits until the app has indexed them. The oldest properties are the cheapest. */
async function fill(sql: Connection, count: number): Promise<void> {
  console.log(`  filling ${count} listings`);
  const numbers = `seq_1_to_${count}`;
  await sql.query(`INSERT INTO property (id, address, city, price, description, year)
    SELECT seq, CONCAT('Calle ', seq MOD 180, ' # ', seq MOD 97),
      ELT(1 + CRC32(CONCAT('c', seq)) MOD 5, 'Bogotá', 'Bogotá', 'Cali', 'Pereira', 'Medellín'),
      IF(seq < ${count} / 5, 20000000, 60000000) + 500000 * (CRC32(CONCAT('p', seq)) MOD 40),
      CONCAT(IF(seq MOD 500 = 0, 'Casa con helipuerto', 'Casa con jardín'), ', ', seq MOD 90, ' m², cerca de colegios.'),
      1980 + CRC32(CONCAT('y', seq)) MOD 40
    FROM ${numbers}`);
  await sql.query(`INSERT INTO status_history (property_id, status_id, update_date)
    SELECT a.seq, b.seq, '2024-01-01' + INTERVAL 100 * b.seq DAY + INTERVAL a.seq SECOND
    FROM ${numbers} AS a, seq_1_to_5 AS b WHERE b.seq < 3 OR CRC32(CONCAT(a.seq, b.seq)) MOD 9 > 0`);
  const statements = readStatements();
  for (const name of ["rebuild-listings", "mark-blocks"] as const) await sql.query(statements[name]);
  await sql.query("ANALYZE TABLE property, status_history, listing");
  const deadline = Date.now() + 3_600_000;
  for (;;) {
    const [rows] = await sql.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM listing_block WHERE ready = 0");
    if (rows[0]?.n === 0) return;
    if (Date.now() > deadline) throw new Error("The listings were not indexed.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
