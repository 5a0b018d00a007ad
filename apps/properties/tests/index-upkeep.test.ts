import { inMysqlTransaction } from "@quintet/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildListings } from "../src/demo/bulk-queries.ts";
import { seededRandom } from "../src/demo/random.ts";
import { allStatuses } from "../src/properties/statuses.ts";
import { addMembers, type IdSet, idsOf, positionOfId } from "../src/term-index/id-sets.ts";
import { backgroundIndexing } from "../src/term-index/term-index.ts";
import type { TermMembers } from "../src/term-index/term-queries.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

/** The whole index, each term with its ids; of a term that nobody has any more nothing is left. */
async function wholeIndex() {
  await listings.deps.db.fresh();
  const text = "SELECT term, block, members FROM listing_term ORDER BY term, block";
  const sets = new Map<string, IdSet>();
  for (const { term, block, members } of await readRows<TermMembers>(listings.deps.db.pool, text, {})) {
    if (!sets.has(term)) sets.set(term, new Map());
    addMembers(sets.get(term)!, block, members);
  }
  return Object.fromEntries([...sets].map(([term, set]) => [term, [...idsOf(set, false)]]));
}

async function unready(): Promise<number> {
  const [row] = await readRows<{ n: number }>(
    listings.deps.db.pool,
    "SELECT COUNT(*) AS n FROM listing_block WHERE ready = 0",
    {},
  );
  return row!.n;
}

/** Makes the index anew, by as many processes' work at once. */
async function indexedAnew(workers = 1): Promise<void> {
  const { db } = listings.deps;
  await inMysqlTransaction(db.pool, (on) => rebuildListings(db, on));
  const errors: unknown[] = [];
  await using stack = new AsyncDisposableStack();
  for (let i = 0; i < workers; i++) stack.use(backgroundIndexing(db, (error) => errors.push(error))).start();
  await expect.poll(unready, { timeout: 30_000 }).toBe(0);
  expect(errors).toEqual([]);
}

const random = seededRandom(Number(process.env.QUINTET_SEED ?? 20));
const words = [
  "Casa",
  "casas",
  "jardín",
  "JARDÍN",
  "Ñandú",
  "sol",
  "a",
  "b_c",
  "爬楼",
  "ΟΔΟΣ",
  "x".repeat(45),
  "72",
  "720",
];
const someWords = () => Array.from({ length: random.whole(1, 6) }, () => random.pick(words)).join(" ");
const someFields = () => ({
  address: someWords(),
  city: random.pick(["Bogotá", "bogota", "Cali"]),
  price: random.pick([0, 7, 42, 99_000_000, 101_000_000]),
  description: someWords(),
  year: random.whole(1999, 2002),
});

test("whatever is written at once, the index is what it would be if it were made anew", async () => {
  // Ids on both sides of the edge of a block.
  await listings.deps.db.pool.query("ALTER TABLE property AUTO_INCREMENT = 4088");
  const as = listings.staff;
  const ids = await Promise.all(Array.from({ length: 20 }, () => listings.create(someFields())));
  expect(new Set(ids.map((id) => Math.floor(id / 4096))).size).toBe(2);
  const write = async (i: number) => {
    const id = random.pick(ids);
    if (i % 3 === 0) {
      const body = { status: random.pick(allStatuses) };
      return (await listings.call("POST", `/${id}/status`, { as, body })).status;
    }
    if (i % 3 === 1)
      return (await listings.call("PATCH", `/${id}`, { headers: anyVersion, as, body: someFields() })).status;
    return (await listings.create({ ...someFields(), status: random.pick(allStatuses) })) > 0 ? 201 : 0;
  };
  for (let round = 0; round < 8; round++) {
    const statuses = await Promise.all(Array.from({ length: 30 }, (_, i) => write(i)));
    expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([]);
  }
  const kept = await wholeIndex();
  await indexedAnew();
  expect(kept).toEqual(await wholeIndex());
}, 60_000);

test("a term that most of a block has is a bitmap, and is kept as well", async () => {
  const { pool } = listings.deps.db;
  await pool.query(`INSERT INTO property (id, address, city, price, description, year)
    SELECT 20480 + a.n + 64 * b.n, CONCAT('Calle ', a.n), 'Cali', a.n, 'Bitmap', 2000
    FROM (WITH RECURSIVE s AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 63) SELECT n FROM s) AS a,
      (WITH RECURSIVE s AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 9) SELECT n FROM s) AS b`);
  await pool.query(
    "INSERT INTO status_history (property_id, status_id, update_date) SELECT id, 4, '2024-01-01' FROM property WHERE id >= 20480",
  );
  await indexedAnew(3);
  const [row] = await readRows<{ length: number }>(
    pool,
    "SELECT LENGTH(members) AS length FROM listing_term WHERE term = 'bitmap'",
    {},
  );
  expect(row?.length).toBe(513);
  const id = 20480 + 77;
  const count = async (q: string) =>
    (await listings.get(`?q=${q}&limit=100&minPrice=13&maxPrice=13`)).body.properties?.length ?? 0;
  expect([await count("bitmap"), await count("lista")]).toEqual([10, 0]);
  await listings.call("PATCH", `/${id}`, { headers: anyVersion, as: listings.staff, body: { description: "Lista" } });
  expect([await count("bitmap"), await count("lista")]).toEqual([9, 1]);
  await listings.call("PATCH", `/${id}`, { headers: anyVersion, as: listings.staff, body: { description: "Bitmap" } });
  expect([await count("bitmap"), await count("lista")]).toEqual([10, 0]);
  const kept = await wholeIndex();
  await indexedAnew(2);
  expect(kept).toEqual(await wholeIndex());

  const { block, position } = positionOfId(id);
  const last = Buffer.alloc(513);
  last[position >> 3] = 1 << (position & 7);
  await pool.query("UPDATE listing_term SET members = ? WHERE term = 'bitmap' AND block = ?", [last, block]);
  await listings.call("PATCH", `/${id}`, { headers: anyVersion, as: listings.staff, body: { description: "Lista" } });
  await listings.deps.db.fresh();
  expect(await readRows(pool, "SELECT block FROM listing_term WHERE term = 'bitmap'", {})).toEqual([]);
  await indexedAnew();
});

test("before a block is indexed its listings are found, and what is written meanwhile is not lost", async () => {
  const { db } = listings.deps;
  const as = listings.staff;
  const id = await listings.create({ description: "Pendiente" });
  const block = Math.floor(id / 4096);
  await db.pool.query("UPDATE listing_block SET ready = 0 WHERE block = ?", [block]);
  await db.pool.query("DELETE FROM listing_term WHERE block = ?", [block]);
  const find = async (q: string) => (await listings.get(`?q=${q}&sort=-id`)).body.properties?.map((p) => p.id);
  expect(await find("pendiente")).toEqual([id]);
  await listings.call("PATCH", `/${id}`, { headers: anyVersion, as, body: { description: "Cambiado" } });
  const other = await listings.create({ description: "Pendiente" });
  expect([await find("pendiente"), await find("cambiado")]).toEqual([[other], [id]]);
  await using running = backgroundIndexing(db, () => {});
  running.start();
  await listings.call("PATCH", `/${id}`, { headers: anyVersion, as, body: { description: "Terminado" } });
  await expect.poll(unready, { timeout: 30_000 }).toBe(0);
  expect([await find("pendiente"), await find("cambiado"), await find("terminado")]).toEqual([
    [other],
    undefined,
    [id],
  ]);
});
