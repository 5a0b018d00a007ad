import { createLogger } from "@quintet/http";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Database } from "../src/database.ts";
import { properties as definition } from "../src/index.ts";
import { likeProperty, readMostLiked, unlikeProperty, withLikes } from "../src/likes/likes.ts";
import { recountLikes } from "../src/likes/recount.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
/** The same database as another process uses it: with connections of its own. */
let other: Database;
const opened = new AsyncDisposableStack();
beforeAll(async () => {
  listings = opened.use(await openListings());
  const log = createLogger({ service: "properties", level: "silent" });
  other = opened.use(definition.createDeps(listings.config, { log, auth: listings.deps.auth })).db;
});
afterAll(() => opened.disposeAsync());

const like = (id: number, options = {}) => listings.call("PUT", `/${id}/like`, options);
const unlike = (id: number, options = {}) => listings.call("DELETE", `/${id}/like`, options);
const hide = (id: number) =>
  listings.call("POST", `/${id}/status`, { as: listings.staff, body: { status: "comprado" } });
const mostLiked = async (query = "") => (await listings.get(`/most-liked${query}`)).body;

test("after 1,000 changes at once by two processes, every count is that of the likes that are there", async () => {
  const ids = [await listings.create(), await listings.create(), await listings.create()];
  const expected = new Map(ids.map((id) => [id, new Set<number>()]));
  /** The changes of one account, one after the other; those of all accounts run at the same time. */
  const changeOften = async (account: number) => {
    for (let i = 0; i < 10; i++) {
      // Most changes are of the first property.
      const id = ids[Math.max(0, ((account * 7 + i * 3) % 5) - 2)]!;
      const isLike = (account + i * i) % 3 > 0;
      await (isLike ? likeProperty : unlikeProperty)(i % 2 ? other : listings.deps.db, account, id);
      if (isLike) expected.get(id)!.add(account);
      else expected.get(id)!.delete(account);
    }
  };
  const accounts = Array.from({ length: 100 }, (_, i) => 1_000_000 + i);
  await Promise.all(accounts.map(changeOften));
  for (const id of ids) {
    const count = expected.get(id)!.size;
    expect((await listings.get(`/${id}/likes`)).body.count).toBe(count);
    const stored = await readRows<{ id: number }>(
      other.pool,
      "SELECT id_user AS id FROM liked_properties WHERE id_property = :id ORDER BY id_user",
      { id },
    );
    expect(stored.map((row) => row.id)).toEqual([...expected.get(id)!].sort());
    const [shown] = await withLikes(other, accounts[0]!, [{ id }]);
    expect(shown).toEqual({ id, likes: count, liked: expected.get(id)!.has(accounts[0]!) });
  }
  const { properties } = await readMostLiked(other, { limit: 100 });
  const counts = new Map(properties.map(({ id, likes }) => [id, likes]));
  expect(ids.map((id) => counts.get(id))).toEqual(ids.map((id) => expected.get(id)!.size));
  await other.pool.query("DELETE FROM liked_properties");
  await other.pool.query("DELETE FROM like_count");
});

test("the most liked are listed in pages, with the account's own like, and without what is not visible", async () => {
  const ids = [await listings.create(), await listings.create(), await listings.create(), await listings.create()];
  const [a, b, c, hidden] = ids as [number, number, number, number];
  await listings.create();
  for (const id of [b, hidden])
    for (const as of [listings.plain, listings.other, listings.staff]) await like(id, { as });
  for (const id of [a, c]) await like(id, { as: listings.other });
  await hide(hidden);
  const first = await mostLiked("?limit=2");
  expect(first.properties).toMatchObject([
    { id: b, likes: 3, liked: true },
    { id: c, likes: 1, liked: false },
  ]);
  expect(Object.keys(first.properties[0]!)).toEqual(
    "id address city price description year status likes liked".split(" "),
  );
  const second = await mostLiked(`?limit=2&cursor=${first.nextCursor}`);
  expect([second.properties.map(({ id }) => id), second.nextCursor]).toEqual([[a], null]);
  expect((await listings.get(`/liked?cursor=${first.nextCursor}`)).status).toBe(400);
  expect((await listings.get("/most-liked?sort=id")).status).toBe(400);
  await unlike(c, { as: listings.other });
  expect((await mostLiked()).properties.map(({ id }) => id)).toEqual([b, a]);
});

test("a search shows likes on request, for all properties of a page with one statement", async () => {
  const [a, b] = [await listings.create({ city: "Gustada" }), await listings.create({ city: "Gustada" })];
  await like(a);
  await like(a, { as: listings.other });
  await like(b, { as: listings.other });
  const statements = vi.spyOn(listings.deps.db.searchPool, "execute");
  const { body } = await listings.get("?city=gustada&fields=liked,likes,id");
  expect(body.properties).toEqual([
    { id: a, likes: 2, liked: true },
    { id: b, likes: 1, liked: false },
  ]);
  expect(statements).toHaveBeenCalledTimes(2);
  vi.restoreAllMocks();
  const csv = await listings.fetch("?city=gustada&fields=id,likes,liked", { Accept: "text/csv" });
  expect(await csv.text()).toBe(`id,likes,liked\r\n${a},2,true\r\n${b},1,false\r\n`);
  expect((await listings.get("?city=gustada")).body.properties[0]).not.toHaveProperty("likes");
});

test("likes that another program added or removed are counted again, also while accounts like", async () => {
  const [a, b, c] = [await listings.create(), await listings.create(), await listings.create()];
  await like(b);
  await like(c);
  await other.pool.query("INSERT INTO liked_properties VALUES (1, ?, NOW()), (2, ?, NOW()), (1, ?, NOW())", [a, a, b]);
  await other.pool.query("DELETE FROM liked_properties WHERE id_property = ?", [c]);
  const accounts = Array.from({ length: 50 }, (_, i) => 2_000_000 + i);
  const liking = Promise.all(accounts.map((account) => likeProperty(listings.deps.db, account, a)));
  const recountAll = async () => {
    for (let from = await recountLikes(other, 0); from > 0; ) from = await recountLikes(other, from);
  };
  await recountAll();
  await liking;
  await recountAll();
  const counts = await withLikes(other, 1, [{ id: a }, { id: b }, { id: c }]);
  expect(counts.map(({ likes, liked }) => [likes, liked])).toEqual([
    [52, true],
    [2, true],
    [0, false],
  ]);
});

test("the like of a property that is not visible any more can be removed, once", async () => {
  const id = await listings.create();
  await like(id);
  await hide(id);
  expect((await like(id)).status).toBe(404);
  expect((await unlike(id, { as: listings.other })).status).toBe(404);
  expect((await unlike(id)).status).toBe(204);
  expect((await unlike(id)).status).toBe(404);
  const [counted] = await readRows<{ likes: number }>(
    other.pool,
    "SELECT likes FROM like_count WHERE property_id = :id",
    { id },
  );
  expect(counted?.likes).toBe(0);
});
