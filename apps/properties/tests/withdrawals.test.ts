import { afterAll, beforeAll, expect, test } from "vitest";
import { anyVersion, example, type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const byStaff = () => ({ as: listings.staff });
const withdraw = (id: number, headers = {}) => listings.call("DELETE", `/${id}`, { ...byStaff(), headers });
const restore = (id: number, headers = {}) => listings.call("POST", `/${id}/restore`, { ...byStaff(), headers });
const statusOf = async (path: string, options = {}) => (await listings.get(path, options)).status;
const idsOf = async (path: string, options = {}) =>
  (await listings.get(path, options)).body.properties?.map(({ id }) => id) ?? [];

test("a withdrawn property is in nothing that others see, and comes back with its likes", async () => {
  const [id, stays] = [await listings.create({ city: "Retirada" }), await listings.create({ city: "Retirada" })];
  for (const one of [id, stays]) await listings.call("PUT", `/${one}/like`);
  const before = await listings.get(`/${id}`);
  const { status, body } = await withdraw(id);
  expect([status, body]).toEqual([204, null]);
  for (const options of [{}, byStaff()]) expect(await idsOf("?city=retirada", options)).toEqual([stays]);
  expect((await (await listings.fetch("?city=retirada", { Accept: "text/csv" })).text()).match(/\n/g)).toHaveLength(2);
  expect(await idsOf("/liked")).toEqual([stays]);
  expect(await idsOf("/most-liked")).toEqual([stays]);
  expect(await Promise.all([statusOf(`/${id}`), statusOf(`/${id}/likes`)])).toEqual([404, 404]);
  expect((await listings.call("PUT", `/${id}/like`)).status).toBe(404);
  const [seen] = [(await listings.get(`/${id}`, byStaff())).body];
  expect(seen).toEqual({ id, ...example, city: "Retirada", withdrawnAt: expect.stringMatching(/^20.*Z$/) });
  const restored = await restore(id);
  expect([restored.status, restored.body]).toEqual([200, before.body]);
  expect(restored.headers.get("etag")).toBe(before.headers.get("etag"));
  expect(await idsOf("?city=retirada")).toEqual([id, stays]);
  expect((await idsOf("/liked")).sort()).toEqual([id, stays].sort());
  expect((await listings.get(`/${id}/likes`)).body.count).toBe(1);
});

test("a status and changes of a withdrawn property leave it withdrawn, also when other programs write", async () => {
  const id = await listings.create({ city: "Escondida" });
  await withdraw(id);
  await listings.call("PATCH", `/${id}`, { ...byStaff(), headers: anyVersion, body: { price: 9 } });
  await listings.call("POST", `/${id}/status`, { ...byStaff(), body: { status: "vendido" } });
  expect(await statusOf("?city=escondida")).toBe(404);
  expect((await listings.get(`/${id}`, byStaff())).body).toMatchObject({ price: 9, status: "vendido" });
  expect((await restore(id)).body).toMatchObject({ price: 9, status: "vendido" });
  expect(await idsOf("?city=escondida")).toEqual([id]);
});

test("a property is withdrawn at once, also while many changes of another program wait", async () => {
  const [id, other] = [await listings.create({ city: "Cola" }), await listings.create()];
  const many = Array.from({ length: 10_000 }, () => `(${other})`).join();
  await listings.deps.db.pool.query(`INSERT INTO listing_change (property_id) VALUES ${many}`);
  await withdraw(id);
  expect(await statusOf("?city=cola")).toBe(404);
  await restore(id);
  expect(await idsOf("?city=cola")).toEqual([id]);
});

test("withdrawing and restoring again change nothing", async () => {
  const id = await listings.create();
  expect((await restore(id)).status).toBe(200);
  await withdraw(id);
  const { withdrawnAt } = (await listings.get(`/${id}`, byStaff())).body;
  expect((await withdraw(id)).status).toBe(204);
  expect((await listings.get(`/${id}`, byStaff())).body.withdrawnAt).toBe(withdrawnAt);
  await restore(id);
  const { status, body } = await restore(id);
  expect([status, body]).toEqual([200, { id, ...example }]);
  for (const call of [withdraw, restore]) expect((await call(999_999)).status).toBe(404);
});

test("one version is withdrawn or restored with If-Match", async () => {
  const id = await listings.create();
  const tag = (await listings.get(`/${id}`)).headers.get("etag") ?? "";
  expect((await withdraw(id, { "If-Match": '"other"' })).status).toBe(412);
  expect((await withdraw(id, { "If-Match": tag })).status).toBe(204);
  expect((await restore(id, { "If-Match": tag })).status).toBe(412);
  const withdrawn = (await listings.get(`/${id}`, byStaff())).headers.get("etag") ?? "";
  expect((await restore(id, { "If-Match": withdrawn })).status).toBe(200);
});

test("staff lists what is withdrawn, latest first, in pages", async () => {
  const ids = [await listings.create(), await listings.create({ status: "comprado" }), await listings.create()];
  for (const id of ids) await withdraw(id);
  const first = await listings.get("?withdrawn=true&limit=2", byStaff());
  expect(first.body.properties).toMatchObject([
    { id: ids[2], status: "en_venta", withdrawnAt: expect.any(String) },
    { id: ids[1], status: "comprado" },
  ]);
  expect(await idsOf(`?withdrawn=true&cursor=${first.body.nextCursor}`, byStaff())).toEqual([ids[0]]);
  const refused = await listings.get("?withdrawn=true&city=cali", byStaff());
  expect([refused.status, refused.body.errors[0]?.path]).toEqual([400, "city"]);
  expect(await statusOf("?withdrawn=true")).toBe(403);
  expect(await statusOf("?withdrawn=false", byStaff())).toBe(400);
});

test("staff alone withdraws and restores", async () => {
  const id = await listings.create();
  for (const [as, status] of [
    [listings.plain, 403],
    [null, 401],
  ] as const) {
    expect((await listings.call("DELETE", `/${id}`, { as })).status).toBe(status);
    expect((await listings.call("POST", `/${id}/restore`, { as })).status).toBe(status);
  }
});
