import { afterAll, beforeAll, expect, test } from "vitest";
import { compareBlock } from "../src/listings/compare.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const idsOf = async (query: string) => {
  const { status, body } = await listings.get(query);
  expect([200, 404], body.detail).toContain(status);
  return status === 404 ? [] : body.properties.map(({ id }) => id);
};

test("a property is found around its coordinates, nearest first, with every other filter, page by page", async () => {
  const near = await listings.create({ city: "Tunja", lat: 5.5353, lon: -73.3678, rooms: 3, area: 71.5, type: "casa" });
  const far = await listings.create({ city: "Tunja", lat: 5.55, lon: -73.3678, price: 1 });
  const same = await listings.create({ city: "Tunja", lat: 5.5353, lon: -73.3678 });
  await listings.create({ city: "Tunja" });
  const around = "near=5.5353,-73.3678,5";
  expect(await idsOf(`?${around}&sort=distance`)).toEqual([near, same, far]);
  expect(await idsOf("?near=5.5353,-73.3678,1.6&sort=distance")).toEqual([near, same]);
  expect(await idsOf(`?${around}&maxPrice=5&city=tunja&sort=-price`)).toEqual([far]);
  expect(await idsOf(`?${around}&bbox=5.54,-74,5.6,-73`)).toEqual([far]);
  expect(await idsOf("?bbox=5.5353,-73.3678,5.5353,-73.3678")).toEqual([near, same]);
  expect((await listings.get(`?${around}&count=exact&facets=city`)).body).toMatchObject({
    total: 3,
    facets: { city: [{ value: "Tunja", count: 3 }] },
  });
  const ids: number[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await listings.get(`?${around}&sort=distance&limit=1${cursor}`);
    ids.push(...body.properties.map(({ id }) => id));
    if (body.nextCursor === null) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
  expect(ids).toEqual([near, same, far]);
  expect((await listings.get(`/${near}`)).body).toMatchObject({
    lat: 5.5353,
    lon: -73.3678,
    rooms: 3,
    area: 71.5,
    type: "casa",
  });
  const csv = await listings.fetch(`?${around}&sort=distance&fields=id,lat,type&format=csv`);
  expect(await csv.text()).toBe(`id,type,lat\r\n${near},casa,5.5353\r\n${same},,5.5353\r\n${far},,5.55\r\n`);
});

test("places follow: by PATCH, by other programs, and when the property is hidden or gone", async () => {
  const { staff, deps } = listings;
  const id = await listings.create({ lat: -0.22, lon: -78.5 });
  const here = "?near=-0.22,-78.5,3";
  expect(await idsOf(here)).toEqual([id]);
  const patch = (body: object) => listings.call("PATCH", `/${id}`, { as: staff, body, headers: anyVersion });
  expect((await patch({ lat: 1, lon: -78.5 })).body).toMatchObject({ lat: 1, lon: -78.5 });
  expect(await idsOf(here)).toEqual([]);
  await deps.db.pool.query("UPDATE property SET lat = -0.221 WHERE id = ?", [id]);
  expect(await idsOf(here)).toEqual([id]);
  for (const nonsense of ["200, lon = -78.5", "NULL, lon = -78.5", "-78.5, lon = 200"]) {
    await deps.db.pool.query(`UPDATE property SET lat = ${nonsense} WHERE id = ?`, [id]);
    expect(await idsOf("?bbox=-90,-180,90,180&city=bogota"), nonsense).toEqual([]);
    expect((await listings.get(`/${id}`)).body, nonsense).not.toHaveProperty("lat");
  }
  await patch({ lat: -0.22, lon: -78.5 });
  expect(await idsOf(here)).toEqual([id]);
  expect((await patch({ lat: null, lon: null })).body).not.toHaveProperty("lat");
  expect(await idsOf(here)).toEqual([]);
  await patch({ lat: -0.22, lon: -78.5 });
  await deps.db.pool.query("DELETE FROM property WHERE id = ?", [id]);
  expect(await idsOf(here)).toEqual([]);
  const [rows] = await deps.db.pool.query("SELECT 1 FROM listing_place WHERE property_id = ?", [id]);
  expect(rows).toEqual([]);
});

test.each([
  ["near=1,2", "near"],
  ["near=91,0,1", "near"],
  ["near=1,181,1", "near"],
  ["near=1,1,0", "near"],
  ["near=1,1,1e3", "near"],
  ["near=1,1,90000", "near"],
  ["near=1,1,1&near=2,2,2", "near"],
  ["bbox=1,2,3", "bbox"],
  ["bbox=5,-74,4,-73", "bbox"],
  ["bbox=4,-74,5,NaN", "bbox"],
  ["sort=distance", "sort"],
  ["sort=distance&bbox=4,-74,5,-73", "sort"],
])("%s is a 400", async (query, path) => {
  const { status, body } = await listings.get(`?${query}`);
  expect([status, body.errors?.[0]?.path]).toEqual([400, path]);
});

test("a coordinate alone is refused, and a field that the table does not have", async () => {
  const { staff, create, call } = listings;
  const id = await create();
  const patch = (body: object) => call("PATCH", `/${id}`, { as: staff, body, headers: anyVersion });
  for (const body of [{ lat: 1 }, { lon: 1 }, { lat: null, lon: 1 }, { lat: 91, lon: 1 }]) {
    const { status, body: problem } = await patch(body);
    expect([status, problem.errors?.[0]?.path], JSON.stringify(body)).toEqual([422, "lat"]);
  }
  await using bare = await openListings();
  await bare.deps.db.pool.query("ALTER TABLE property DROP COLUMN lat, DROP COLUMN rooms");
  const refused = await bare.call("POST", "", {
    as: bare.staff,
    body: { address: "a", city: "b", price: 1, description: "", year: 2000, status: "en_venta", rooms: 2 },
  });
  expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([422, "rooms"]);
  const made = await bare.create({ type: "casa" });
  expect((await bare.get("?fields=id,type")).body.properties).toMatchObject([{ id: made, type: "casa" }]);
  expect((await bare.get("?near=1,1,1")).status).toBe(404);
});

test("a place that is not where its property is, is found by the comparison", async () => {
  const { db } = listings.deps;
  const [here, nowhere] = [await listings.create({ lat: 40, lon: 7 }), await listings.create({ lat: 41, lon: 7 })];
  await db.fresh();
  await db.pool.query("UPDATE listing_place SET lat = 39 WHERE property_id = ?", [here]);
  await db.pool.query("DELETE FROM listing_place WHERE property_id = ?", [nowhere]);
  expect((await compareBlock(db, 0))?.different.toSorted((a, b) => a - b)).toEqual([here, nowhere]);
  await db.fresh();
  expect((await compareBlock(db, 0))?.different).toEqual([]);
});
