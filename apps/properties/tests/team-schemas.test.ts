import type { RowDataPacket } from "mysql2/promise";
import { afterEach, describe, expect, test } from "vitest";
import { compareListings, reportFindings } from "../src/adopt.ts";
import { followTables, isNearlyFresh, readBuild } from "../src/listings/build.ts";
import { compareBlock } from "../src/listings/compare.ts";
import { anyVersion, example, type OpenListings, openListings } from "./open-listings.ts";
import { makeTables, run, type Shape, teamStatuses, withRights } from "./team-database.ts";

let listings: OpenListings | undefined;
afterEach(async () => {
  await listings?.[Symbol.asyncDispose]();
  listings = undefined;
});

const { en_venta, vendido, arrendado, comprado } = teamStatuses;

/** Properties with odd values, and histories in an order that is not that of their dates. */
const rows = [
  `INSERT INTO property (id, address, city, price, description, year) VALUES
    (5, 'Calle 1', 'Bogotá', 100, 'Casa con jardín', 2019),
    (6, NULL, NULL, NULL, NULL, NULL),
    (7, 'Calle 3', 'BOGOTÁ', 300, 'Casa', 2019),
    (9000, 'Calle 4', 'Cali', 400, 'Oficina', 2001),
    (9001, 'Sin historia', 'Cali', 400, 'Oficina', 2001),
    (9002, 'Otra', 'Cali', 400, 'Oficina', 2001),
    (9003, 'Vieja', 'Cali', 400, 'Oficina', 2001)`,
  `INSERT INTO status_history (property_id, status_id, update_date) VALUES
    (5, ${vendido}, '2024-02-01 10:00:00'), (5, ${comprado}, '2024-01-01 10:00:00'), (6, ${en_venta}, '2024-01-01'),
    (7, ${comprado}, '2024-03-01'), (7, ${en_venta}, '2024-03-01'), (9000, ${en_venta}, '2024-01-01'),
    (9002, ${arrendado}, '2024-01-01'), (9003, ${comprado}, '2024-01-01'), (777, ${en_venta}, '2024-01-01')`,
];

const shapes: Record<string, Partial<Shape>> = {
  "INT ids, latin1, a city as TEXT": { charset: "latin1 COLLATE latin1_spanish_ci", city: "TEXT NULL" },
  "unsigned ids, a binary collation, TIMESTAMP, an index": {
    id: "BIGINT UNSIGNED",
    statusId: "BIGINT UNSIGNED",
    price: "BIGINT UNSIGNED NULL",
    charset: "utf8mb4 COLLATE utf8mb4_bin",
    date: "TIMESTAMP(6) NULL",
    indexes: ", KEY history_of_property (property_id)",
  },
  "MyISAM, small ids, YEAR, rooms": {
    id: "SMALLINT UNSIGNED",
    statusId: "TINYINT",
    year: "YEAR NULL",
    price: "INT NULL",
    engine: "MyISAM",
    more: ", rooms TINYINT NULL, area DOUBLE NULL, type VARCHAR(20) NULL",
  },
};

describe.each(Object.entries(shapes))("a team's tables with %s", (_, shape) => {
  test("are followed from the start on, and are left as they were", async () => {
    listings = await openListings(async (url) => {
      await makeTables(url, shape);
      await run(url, ...rows);
      return undefined;
    });
    const { get, staff, deps } = listings;
    const ids = async (query: string) => (await get(query)).body.properties?.map(({ id }) => id);
    expect(await ids("")).toEqual([5, 6, 7, 9000]);
    expect(await ids("?city=bogot%C3%A1")).toEqual([5, 7]);
    expect(await ids("?year=2019&status=vendido")).toEqual([5]);
    expect(await ids("?q=jardin")).toEqual([5]);
    expect(await ids("?minPrice=200&sort=-price")).toEqual([9000, 7]);
    expect(await ids("?sort=newest")).toEqual([7, 5, 9000, 6]);
    expect((await get("/6")).body).toMatchObject({
      address: null,
      city: null,
      price: null,
      year: null,
      status: "en_venta",
    });
    for (const id of [9001, 9002, 9003, 777]) expect((await get(`/${id}`)).status).toBe(404);
    expect((await get("/9001", { as: staff })).body.status).toBeNull();
    expect((await get("/9002", { as: staff })).body.status).toBe("arrendado");

    const created = await listings.create({ city: "Leticia", price: 77, status: "vendido" });
    expect((await get("?city=leticia")).body.properties).toMatchObject([{ id: created, price: 77, status: "vendido" }]);
    const { status } = await listings.call("POST", "/5/status", { as: staff, body: { status: "en_venta" } });
    expect([status, await ids("?status=vendido")]).toEqual([201, [created]]);
    expect((await get("/5/status", { as: staff })).body.history.map(({ status }) => status)).toEqual([
      "en_venta",
      "vendido",
      "comprado",
    ]);

    await deps.db.pool.query("UPDATE property SET city = 'Tunja' WHERE id = 7");
    await deps.db.pool.query("DELETE FROM property WHERE id = 9000");
    expect([await ids("?city=tunja"), await ids("?year=2001")]).toEqual([[7], undefined]);
    expect((await compareBlock(deps.db, 0))?.different).toEqual([]);
    const [statuses] = await deps.db.pool.query("SELECT COUNT(*) AS n FROM status");
    expect(statuses).toEqual([{ n: Object.keys(teamStatuses).length }]);
  });
});

test("dates that no calendar has are older than any other; what a table needs and nobody gives is a 422", async () => {
  listings = await openListings(async (url) => {
    await makeTables(url);
    await run(
      url,
      ...rows,
      "INSERT INTO property (id, year) VALUES (9005, 17), (9006, 17), (9007, 17), (9008, 17), (9009, 17), (9010, 17)",
      `INSERT INTO status_history (property_id, status_id) SELECT id, ${arrendado} FROM property WHERE id > 9005`,
      "ALTER TABLE property ADD COLUMN owner_id INT NOT NULL",
    );
    const zero = `INSERT INTO status_history (property_id, status_id, update_date) VALUES
      (9001, ${en_venta}, '0000-00-00'), (9002, ${vendido}, NULL), (5, ${comprado}, '0000-00-00'), (5, ${comprado}, NULL)`;
    await run(url, `SET STATEMENT sql_mode = '' FOR ${zero}`);
    return undefined;
  });
  const { get, staff } = listings;
  expect((await get("?sort=newest&limit=100")).body.properties.map(({ id }) => id)).toContain(9001);
  expect((await get("?status=vendido")).body.properties.map(({ id }) => id)).toEqual([5]);
  const { status, body } = await listings.call("POST", "", { as: staff, body: example });
  expect([status, body.detail]).toEqual([422, expect.stringContaining("owner_id")]);
  const lines: string[] = [];
  const { MYSQL_URL: url } = listings.config;
  expect(await reportFindings(url, (line) => lines.push(line))).toBe(true);
  expect(lines.join("\n")).toMatch(/needs owner_id.*Advice: .*CREATE INDEX/s);
  for (const text of [
    "Properties without a price: 7 (",
    "Properties without a history: 1 (9005).",
    "Properties with a year before 1800 or after 2100: 6 (",
    "Entries of `status_history` of no property that exists: 1 (9).",
    "Entries of `status_history` without a date: 7 (",
    "Entries of `status_history` with a date that no calendar has, such as 0000-00-00: 2 (",
  ]) {
    expect([text, lines.filter((line) => line.startsWith(text)).length]).toEqual([text, 1]);
  }
  await listings.deps.db.pool.query("UPDATE listing SET city = 'x' WHERE property_id = 5");
  const found = [false, true, false].map((mend) => () => compareListings(url, mend, () => {}));
  expect([await found[0]!(), await found[1]!(), await found[2]!()]).toEqual([1, 1, 0]);
  await run(listings.config.MYSQL_URL, "ALTER TABLE property MODIFY city VARCHAR(120) CHARACTER SET latin1");
  const emoji = await listings.call("PATCH", "/5", { as: staff, headers: anyVersion, body: { city: "😀" } });
  expect(emoji.status).toBe(422);
  const { history } = (await get("/5/status?limit=2", { as: staff })).body;
  expect(history.map(({ updateDate }) => updateDate)).toEqual(["2024-02-01T10:00:00.000Z", "2024-01-01T10:00:00.000Z"]);
});

test("a table with the name of one of ours, or without a column, and a user who may only read are refused before anything is written", async () => {
  await expect(
    openListings(async (url) => {
      await makeTables(url);
      await run(url, "CREATE TABLE listing (id INT PRIMARY KEY, title TEXT)");
      return undefined;
    }),
  ).rejects.toThrow(/`listing`/);
  await expect(
    openListings(async (url) => {
      await run(url, "CREATE TABLE property (id INT PRIMARY KEY, address TEXT)");
      return undefined;
    }),
  ).rejects.toThrow(/city, price, description, year/);
  await expect(
    openListings(async (url) => {
      await makeTables(url);
      return { url: await withRights(url, "SELECT") };
    }),
  ).rejects.toThrow(/The user of MYSQL_URL needs SELECT, INSERT.*CREATE command denied/);
});

test("changes that come while listings are made do not hold up the others, and are applied after them", async () => {
  listings = await openListings(async (url) => {
    await makeTables(url);
    await run(url, ...rows);
    return undefined;
  });
  const { db, indexing, comparison } = listings.deps;
  // What the app does in the background, the test does step by step.
  for (const background of [indexing, comparison]) await background[Symbol.asyncDispose]();
  await db.pool.query("UPDATE listing_build SET next_id = 0, complete = 0, made = 0, total = NULL");
  await db.pool.query("UPDATE property SET city = 'Tunja' WHERE id = 5");
  const count = async () => {
    const [[found]] = await db.pool.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM listing_change");
    return found!.n;
  };
  const { signal } = new AbortController();
  for (const block of ["of 5 to 7", "of 9000 to 9003"]) {
    expect([block, await followTables(db, signal), await isNearlyFresh(db)]).toEqual([block, true, false]);
    expect(await count()).toBe(1);
    // By properties, not by ids: there are three of seven in the first block, however far the next one is.
    expect((await readBuild(db)).share).toBeCloseTo(block === "of 5 to 7" ? 3 / 7 : 1);
  }
  expect(await followTables(db, signal)).toBe(false);
  expect([await count(), await isNearlyFresh(db)]).toEqual([0, true]);
});
