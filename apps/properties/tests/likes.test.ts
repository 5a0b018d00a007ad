import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLiked } from "../src/likes/likes.ts";
import type { DatePosition } from "../src/properties/property.ts";
import { example, type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const like = (id: number | string, options = {}) => listings.call("PUT", `/${id}/like`, options);
const unlike = (id: number | string, options = {}) => listings.call("DELETE", `/${id}/like`, options);
const count = async (id: number) => (await listings.get(`/${id}/likes`)).body.count;

test("a like counts once however often it is given", async () => {
  const id = await listings.create();
  expect(await count(id)).toBe(0);
  expect((await like(id)).status).toBe(204);
  const { body: first } = await listings.get("/liked");
  expect((await like(id)).status).toBe(204);
  expect(await count(id)).toBe(1);
  expect((await listings.get("/liked")).body).toEqual(first);
  expect((await like(id, { as: listings.other })).status).toBe(204);
  expect(await count(id)).toBe(2);
  expect((await unlike(id)).status).toBe(204);
  expect((await unlike(id)).status).toBe(204);
  expect(await count(id)).toBe(1);
});

test("twenty likes at once are one", async () => {
  const id = await listings.create();
  const answers = await Promise.all(Array.from({ length: 20 }, () => like(id)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 204));
  expect(await count(id)).toBe(1);
});

describe("the list of likes", () => {
  test("is this account's, newest first, in pages", async () => {
    const staff = { as: listings.staff };
    expect((await listings.get("/liked", staff)).body).toEqual({ status: "success", properties: [], nextCursor: null });
    const ids: number[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await listings.create({ price: i }));
    for (const id of ids.toReversed()) await like(id, staff);
    const first = await listings.get("/liked?limit=2", staff);
    expect(first.body.properties[0]).toEqual({ id: ids[0], ...example, price: 4, likedAt: expect.any(String) });
    const found = [...first.body.properties];
    let cursor = first.body.nextCursor;
    while (cursor !== null) {
      const { body } = await listings.get(`/liked?limit=2&cursor=${cursor}`, staff);
      found.push(...body.properties);
      cursor = body.nextCursor;
    }
    expect(found.map(({ id }) => id)).toEqual(ids);
    const search = await listings.get("?limit=1&sort=newest", staff);
    expect((await listings.get(`/liked?cursor=${search.body.nextCursor}`, staff)).status).toBe(400);
  });

  test("leaves out what is not visible now", async () => {
    const id = await listings.create();
    await like(id, { as: listings.other });
    const liked = async () =>
      (await listings.get("/liked?limit=100", { as: listings.other })).body.properties.map((property) => property.id);
    expect(await liked()).toContain(id);
    await listings.call("POST", `/${id}/status`, { as: listings.staff, body: { status: "comprado" } });
    expect(await liked()).not.toContain(id);
  });
});

test("thousands of likes of what is not visible are passed over in bounded steps, and none behind them is lost", async () => {
  const { pool } = listings.deps.db;
  const visible = [await listings.create(), await listings.create()];
  const hidden = 20_000;
  const firstHidden = visible[1]! + 1;
  const numbers = `(WITH RECURSIVE s AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 99) SELECT n FROM s)`;
  await pool.query(`INSERT INTO property (id, address, city, price, description, year)
    SELECT ${firstHidden} + a.n + 100 * b.n + 10000 * c.n, 'Calle', 'Cali', 1, '', 2000
    FROM ${numbers} AS a, ${numbers} AS b, (SELECT 0 AS n UNION ALL SELECT 1) AS c`);
  await pool.query(
    "INSERT INTO listing (property_id, status_id, status_date, history_id, city, price, year) SELECT id, 1, '2024-01-01', 0, city, price, year FROM property WHERE id >= ?",
    [firstHidden],
  );
  const account = 987_654;
  const like = "INSERT INTO liked_properties (id_user, id_property, date_liked)";
  await pool.query(`${like} VALUES (?, ?, '2030-01-01'), (?, ?, '2020-01-01')`, [
    account,
    visible[0],
    account,
    visible[1],
  ]);
  await pool.query(`${like} SELECT ?, id, '2025-01-01' FROM property WHERE id >= ?`, [account, firstHidden]);
  const found: number[] = [];
  let pages = 0;
  let after: DatePosition | undefined;
  do {
    const { properties, end } = await readLiked(listings.deps.db, account, { limit: 20, after });
    found.push(...properties.map(({ id }) => id));
    after = end;
    pages++;
  } while (after && pages < 100);
  expect(found).toEqual(visible);
  expect(pages).toBe(Math.ceil((hidden + 2) / (21 + 250 + 750 + 3000)));
  await pool.query("DELETE FROM liked_properties WHERE id_user = ?", [account]);
});

test("a property that is unknown or not visible has no likes", async () => {
  const hidden = await listings.create({ status: "comprado" });
  for (const id of [hidden, 999_999, "99999999999999999999"]) {
    for (const as of [listings.plain, listings.staff]) {
      expect((await like(id, { as })).status).toBe(404);
      expect((await unlike(id, { as })).status).toBe(404);
      expect((await listings.get(`/${id}/likes`, { as })).status).toBe(404);
    }
  }
});

test.each([
  ["PUT", "/x/like", 400, "id"],
  ["DELETE", "/1%27/like", 400, "id"],
  ["GET", "/x/likes", 400, "id"],
  ["PUT", "/1/like?force=1", 400, "force"],
  ["GET", "/liked?sort=price", 400, "sort"],
  ["GET", "/liked?limit=1000", 400, "limit"],
  ["GET", "/liked?cursor=forged", 400, "cursor"],
])("%s %s is refused", async (method, path, status, name) => {
  const answer = await listings.call(method, path);
  expect(answer.status).toBe(status);
  expect(answer.body.errors.map((fault) => fault.path)).toEqual([name]);
});

test("all of it needs an account", async () => {
  const paths = [
    ["PUT", "/1/like"],
    ["DELETE", "/1/like"],
    ["GET", "/1/likes"],
    ["GET", "/liked"],
  ] as const;
  for (const [method, path] of paths) expect((await listings.call(method, path, { as: null })).status).toBe(401);
});

// The last one: it changes the table of all.
test("a like counts once in a team's table without a key", async () => {
  const id = await listings.create();
  const { pool } = listings.deps.db;
  await pool.query("ALTER TABLE liked_properties DROP PRIMARY KEY");
  for (let i = 0; i < 2; i++) expect((await listings.call("PUT", `/${id}/like`)).status).toBe(204);
  const [rows] = await pool.query("SELECT id_user FROM liked_properties WHERE id_property = ?", [id]);
  expect([rows, (await listings.get(`/${id}/likes`)).body.count]).toEqual([[expect.anything()], 1]);
});
