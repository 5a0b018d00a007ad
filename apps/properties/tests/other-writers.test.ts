import type { Connection, RowDataPacket } from "mysql2/promise";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../src/demo/random.ts";
import { compareBlock } from "../src/listings/compare.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";
import { makeTables, teamStatuses, withoutTriggers } from "./team-database.ts";

const seed = Number(process.env.QUINTET_SEED ?? 31);

const visible = ["pre_venta", "en_venta", "vendido"];
const cities = ["Bogotá", "bogota", "Cali", "Pereira"];
const sorts: Record<string, string> = {
  id: "p.id",
  "-id": "p.id DESC",
  price: "p.price, p.id",
  "-price": "p.price DESC, p.id DESC",
  year: "p.year, p.id",
  newest: "h.update_date DESC, p.id DESC",
};

describe.each(["triggers", "poll"] as const)("other programs write, %s", (capture) => {
  const random = seededRandom(seed);
  let listings: OpenListings;
  let others: Connection[];

  beforeAll(async () => {
    listings = await openListings(async (url) => {
      await makeTables(url);
      others = await Promise.all([1, 2, 3].map(() => createConnection({ uri: url, timezone: "Z" })));
      for (let id = 1; id <= 30; id++) await addProperty(others[0]!, id);
      return { url: capture === "poll" ? await withoutTriggers(url) : url };
    });
    expect((await listings.deps.db.source()).capture).toBe(capture);
  });
  afterAll(async () => {
    for (const connection of others) await connection.end();
    await listings[Symbol.asyncDispose]();
  });

  const statusId = () => random.pick(Object.values(teamStatuses));
  const date = () => new Date(Date.UTC(2024, random.whole(0, 3), 1));
  const price = () => random.pick([0, 99.5, 100, 250_000_000, 1_000_000.25]);
  const words = () => random.pick(["Casa con jardín", "Apartamento", "casa", "Ático, jardín", ""]);

  async function addProperty(on: Connection, id: number | null = null) {
    const [{ insertId }] = (await on.execute(
      "INSERT INTO property (id, address, city, price, description, year) VALUES (?, ?, ?, ?, ?, ?)",
      [id, words(), random.pick(cities), price(), words(), random.whole(2000, 2004)],
    )) as unknown as [{ insertId: number }];
    for (let i = random.whole(0, 3); i > 0; i--) await addStatus(on, insertId);
  }

  const addStatus = (on: Connection, id: number) =>
    on.execute("INSERT INTO status_history (property_id, status_id, update_date) VALUES (?, ?, ?)", [
      id,
      statusId(),
      date(),
    ]);

  /** One write as another program would make it, or as a client of the API. */
  async function writeOnce(on: Connection): Promise<unknown> {
    const id = random.whole(1, 45);
    const change = (set: string, value: unknown) =>
      on.execute(`UPDATE property SET ${set} = ? WHERE id = ?`, [value as string, id]);
    const as = listings.staff;
    return random.pick<() => Promise<unknown>>([
      () => addProperty(on),
      () => addStatus(on, id),
      () => addStatus(on, id),
      () => change("price", price()),
      () => change("city", random.pick(cities)),
      () => change("description", words()),
      () => change("year", random.whole(2000, 2004)),
      () => on.execute("UPDATE status_history SET status_id = ? WHERE property_id = ?", [statusId(), id]),
      () => on.execute("UPDATE status_history SET update_date = ? WHERE id = ?", [date(), id]),
      () => on.execute("UPDATE status_history SET property_id = ? WHERE id = ?", [random.whole(1, 45), id]),
      () => on.execute("DELETE FROM status_history WHERE id = ?", [id]),
      () => on.execute("DELETE FROM status_history WHERE property_id = ?", [id]),
      () => on.execute("DELETE FROM property WHERE id = ?", [id]),
      () =>
        on.execute(
          "UPDATE status SET name = IF(id = 12, (@v := IF(name = 'vendido', 'en_venta', 'vendido')), IF(name = 'vendido', 'en_venta', 'vendido')) WHERE id IN (3, 12)",
        ),
      () => listings.call("POST", `/${id}/status`, { as, body: { status: random.pick(visible) } }),
      () => listings.call("PATCH", `/${id}`, { as, headers: anyVersion, body: { price: random.whole(0, 200) } }),
    ])();
  }

  async function byJoin(where: string, values: (string | number)[], order: string): Promise<number[]> {
    const [rows] = await others[0]!.execute<RowDataPacket[]>(
      `SELECT p.id FROM property AS p
       INNER JOIN status_history AS h ON h.id = (
         SELECT x.id FROM status_history AS x WHERE x.property_id = p.id ORDER BY x.update_date DESC, x.id DESC LIMIT 1)
       INNER JOIN status AS s ON s.id = h.status_id
       WHERE s.name IN ('pre_venta', 'en_venta', 'vendido') ${where} ORDER BY ${order} LIMIT 100`,
      values,
    );
    return rows.map(({ id }) => Number(id));
  }

  /** A search and the plain join that says the same. */
  async function expectSame(): Promise<void> {
    const [sort, order] = random.pick(Object.entries(sorts));
    const conditions: [string, string, string | number][] = [
      ["city", "AND p.city = ? COLLATE utf8mb4_unicode_520_ci", random.pick(cities)],
      ["year", "AND p.year = ?", random.whole(2000, 2004)],
      ["status", "AND s.name = ?", random.pick(visible)],
      ["minPrice", "AND p.price >= ?", 100],
      ["q", "AND CONCAT_WS(' ', p.address, p.description) COLLATE utf8mb4_general_ci LIKE ?", "jardín"],
    ];
    const chosen = conditions.filter(() => random.chance(25));
    const query = new URLSearchParams({
      sort,
      limit: "100",
      ...Object.fromEntries(chosen.map(([k, , v]) => [k, String(v)])),
    });
    const { status, body } = await listings.get(`?${query}`);
    const found = status === 404 ? [] : body.properties.map(({ id }) => id);
    const wanted = await byJoin(
      chosen.map(([, sql]) => sql).join(" "),
      chosen.map(([name, , value]) => (name === "q" ? `%${value}%` : value)),
      order,
    );
    expect(found, `seed ${seed}: ${query}`).toEqual(wanted);
  }

  test("every search is what the plain join of their tables is", async () => {
    for (let round = 0; round < 12; round++) {
      await Promise.all(
        others.map(async (on) => {
          for (let i = 0; i < 4; i++) await writeOnce(on).catch(ignoreDeadlock);
        }),
      );
      // Without triggers, changes of rows are found by the comparison, which goes round in the background.
      if (capture === "poll") await compareAll(listings);
      for (let i = 0; i < 5; i++) await expectSame();
    }
    const left = await compareAll(listings);
    expect(left).toEqual([]);
  });

  // The user without triggers may not make one for SQL.
  test.runIf(capture === "triggers")("SQL of staff sees listings as the next search does", async () => {
    await others[1]!.execute("INSERT INTO property (id, city, price, year) VALUES (9100, 'Mocoa', 5, 2001)");
    await others[1]!.execute(
      "INSERT INTO status_history (property_id, status_id, update_date) SELECT 9100, MIN(id), UTC_TIMESTAMP() FROM status",
    );
    const body = { sql: "SELECT city FROM listing WHERE property_id = 9100" };
    const { status, body: result } = await listings.call("POST", "/sql", { as: listings.staff, body });
    expect([status, result.rows], result.detail).toEqual([200, [["Mocoa"]]]);
  });

  test("a new entry of the history is seen by the next search", async () => {
    const on = others[1]!;
    await on.execute("INSERT INTO property (id, city, price, year) VALUES (9001, 'Leticia', 5, 2001)");
    for (const status of ["en_venta", "comprado", "vendido"] as const) {
      const [rows] = await on.query<RowDataPacket[]>("SELECT id FROM status WHERE name = ?", [status]);
      await on.execute(
        "INSERT INTO status_history (property_id, status_id, update_date) VALUES (9001, ?, UTC_TIMESTAMP())",
        [rows[0]!.id],
      );
      const found = await listings.get("?city=leticia");
      expect(found.status).toBe(status === "comprado" ? 404 : 200);
      if (status !== "comprado") expect(found.body.properties[0]).toMatchObject({ id: 9001, status, address: null });
    }
  });
});

/** A deadlock (1213; 1467 over a counter of AUTO_INCREMENT), or a row that another has changed (1020): such a program tries again, or not. */
function ignoreDeadlock(error: { errno?: number }): void {
  if (![1213, 1467, 1020].includes(error.errno ?? 0)) throw error;
}

/** Compares all listings; returns the ids that differed, which are made again by the next read. */
async function compareAll({ deps }: OpenListings): Promise<number[]> {
  const different: number[] = [];
  let from: number | undefined = 0;
  while (from !== undefined) {
    const part = await compareBlock(deps.db, from);
    different.push(...(part?.different ?? []));
    from = part?.next;
  }
  return different;
}
