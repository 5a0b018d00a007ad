import { connectMysql, inMysqlTransaction } from "@quintet/db";
import { Problem } from "@quintet/http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../src/database.ts";
import { seededRandom } from "../src/demo/random.ts";
import { buildNextBlock } from "../src/listings/build.ts";
import { visibleStatuses } from "../src/properties/statuses.ts";
import { countResults, type FacetName, facetNames } from "../src/search/facets.ts";
import { areaOf, type Box, type Circle } from "../src/search/places.ts";
import { searchProperties } from "../src/search/search.ts";
import { type SearchLimits, searchLimits } from "../src/search/search-limits.ts";
import { onlyYear, type Range, type SearchInput } from "../src/search/search-request.ts";
import { idsAtOnce, maxCities } from "../src/search/search-statements.ts";
import { sorts, sortWithinYear } from "../src/search/sort-orders.ts";
import { indexAll } from "../src/term-index/term-index.ts";
import { wordsOf } from "../src/term-index/words.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

/** The orders that any search can have. */
const orders = sorts.filter((sort) => sort !== "distance");
const full = process.env.QUINTET_FAULTS === "full";
const seed = Number(process.env.QUINTET_SEED ?? 7);
const random = seededRandom(seed);
const count = full ? 60_000 : 9000;

interface Row {
  id: number;
  address: string;
  city: string | null;
  price: number | null;
  description: string | null;
  year: number | null;
  rooms: number | null;
  area: number | null;
  type: string | null;
  /** Degrees; what is no place on the Earth is none. */
  lat: number | null;
  lon: number | null;
  statusId: number;
  /** Null for a date that no calendar has, which is older than any other. */
  date: Date | null;
}

const cities = ["Bogotá", "BOGOTA", "Cali", "Ñuñoa", "Leticia"];
const types = ["Casa", "casa", "Apartamento", "Lote"];
const common = ["Casa", "jardín", "COLEGIOS", "a", "de", "72", "Ñandú", "calle"];
const odd = [
  "x_y",
  "100%",
  "l'Étoile",
  '"cita"',
  "+más-menos*",
  "ΟΔΟΣ",
  "όδος",
  "爬楼",
  "楼",
  "Straße",
  "m²",
  "e\u0301te\u0301",
  "Z\u0336\u0323algo",
  `${"largo".repeat(9)}uno`,
  `${"largo".repeat(9)}dos`,
  "0001",
  "00012",
  "the",
  "and",
  "İstanbul",
  "ısıtma",
  "ﬁnca",
  "🏠",
  "🏠casa",
  "한국",
  "q\u0308\u0304q",
  "٣٤",
];

/**
 * Skewed on purpose: prices rise with ids, a word stands at the first ids alone and another at the last, a city never has
 * a year, most have one status, any field may be null as in a table of others, and many have the same price, year or date, so that a page ends among equal ones.
 */
function rowOf(id: number): Row {
  const at = id / count;
  const words = Array.from({ length: random.whole(2, 7) }, () => random.pick(common));
  if (random.chance(15)) words.push(random.pick(odd));
  if (at < 0.2) words.push("antigua");
  if (at > 0.8) words.push("moderna");
  words.push(random.chance(50) ? "par" : "impar", `matricula${String(id).padStart(6, "0")}`);
  const city = random.weighted(cities, (name) => (name === "Leticia" ? 1 : 25));
  const orNull = <T>(value: T): T | null => (random.chance(3) ? null : value);
  return {
    id,
    address: words.slice(0, 2).join(random.pick([" ", ", ", "_", "-"])),
    city: orNull(city),
    price: orNull(at < 0.3 ? random.whole(0, 40) * 500_000 : Math.round(at * 1e9) + random.whole(0, 99) + 0.25),
    description: orNull(words.slice(2).join(random.pick([" ", ". ", "\n"]))),
    year: orNull(city === "Cali" ? random.whole(1990, 2000) : random.whole(2000, 2020)),
    rooms: orNull(random.whole(1, 6)),
    area: orNull(random.whole(20, 400) + random.pick([0, 0.5])),
    type: orNull(random.pick(types)),
    ...placeOf(),
    statusId: random.weighted([1, 2, 3, 4, 5], (status) => (status === 4 ? 90 : 2)),
    date: orNull(new Date(Date.UTC(2022, 0, 1) + (Math.round((1 - at) * 1000) + random.whole(0, 3) * 10) * 86_400_000)),
  };
}

/** Most in one town and many of those at one place; some at the antimeridian or a pole, some nowhere. */
function placeOf(): { lat: number | null; lon: number | null } {
  const around = (centre: number, thousandths: number) =>
    Number((centre + random.whole(-thousandths, thousandths) / 1000).toFixed(3));
  const kind = random.whole(1, 20);
  if (kind === 1)
    return random.pick([
      { lat: 200, lon: -74 },
      { lat: -118.2, lon: 34 },
      { lat: null, lon: -74 },
      { lat: 4, lon: 500 },
    ]);
  if (kind === 2)
    return { lat: around(-17, 500), lon: random.pick([around(179.5, 500), around(-179.5, 500), 180, -180]) };
  if (kind === 3) return { lat: random.pick([90, -90, 89.9, -89.95]), lon: around(0, 180_000) };
  return { lat: around(4.65, kind < 8 ? 1 : 90), lon: around(-74.08, kind < 8 ? 1 : 90) };
}

let listings: OpenListings;
let rows: Row[];
/** One connection, so that what its session has read can be counted. */
let db: Database;

beforeAll(async () => {
  listings = await openListings();
  rows = Array.from({ length: count }, (_, i) => rowOf(i + 1));
  const { pool } = listings.deps.db;
  await pool.query(`ALTER TABLE property MODIFY address TEXT, MODIFY city VARCHAR(100), MODIFY price DECIMAL(17, 2),
    MODIFY description TEXT, MODIFY year INT`);
  await pool.query("ALTER TABLE status_history MODIFY update_date DATETIME NULL");
  for (let i = 0; i < rows.length; i += 1000) {
    const some = rows.slice(i, i + 1000);
    const columns = [
      "id",
      "address",
      "city",
      "price",
      "description",
      "year",
      "rooms",
      "area",
      "type",
      "lat",
      "lon",
    ] as const;
    await pool.query(`INSERT INTO property (${columns.join(", ")}) VALUES ?`, [
      some.map((row) => columns.map((column) => row[column])),
    ]);
    await pool.query("INSERT INTO status_history (property_id, status_id, update_date) VALUES ?", [
      some.map(({ id, statusId, date }) => [id, statusId, date]),
    ]);
  }
  await pool.query("UPDATE listing_build SET next_id = 0, complete = 0");
  while (await buildNextBlock(listings.deps.db));
  await inMysqlTransaction(pool, (on) => indexAll(listings.deps.db, on));
  await pool.query("TRUNCATE listing_change");
  await pool.query("ANALYZE TABLE property, listing, listing_term");
  const one = connectMysql(listings.config.MYSQL_URL, { connections: 1 });
  db = { ...listings.deps.db, pool: one, searchPool: one };
}, 120_000);
afterAll(async () => {
  await db?.pool.end();
  await listings[Symbol.asyncDispose]();
});

/** What a text is compared by, worked out here again and for these letters alone. */
function plain(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ı", "i")
    .replaceAll("ς", "σ")
    .replace(/[^\p{L}\p{N}]+/gu, " ");
}

const texts = new Map<number, string>();
function textOf(row: Row): string {
  const known = texts.get(row.id) ?? plain(` ${row.address} ${row.description ?? ""}`);
  texts.set(row.id, known);
  return known;
}

const isWithin = (value: number | null, range?: Range) =>
  range === undefined ||
  (value !== null && value >= (range.min ?? 0) && value <= (range.max ?? Number.MAX_SAFE_INTEGER));
const isOneOf = (value: string | null, wanted: string[]) =>
  wanted.length === 0 || wanted.some((one) => value !== null && plain(value) === plain(one));

interface Place {
  near?: Circle | undefined;
  bbox?: Box | undefined;
}

/** The distance of two places in km by the chord between them: another formula than that of the statements. */
function distanceOf({ lat, lon }: Row, centre: Circle): number {
  const point = (phi: number, lambda: number) => {
    const [a, b] = [(phi * Math.PI) / 180, (lambda * Math.PI) / 180];
    return [Math.cos(a) * Math.cos(b), Math.cos(a) * Math.sin(b), Math.sin(a)] as const;
  };
  const [p, q] = [point(lat ?? 0, lon ?? 0), point(centre.lat, centre.lon)];
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) / 2));
}

function isPlaced(row: Row, { near, bbox }: Place): boolean {
  if (!near && !bbox) return true;
  const { lat, lon } = row;
  if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180) return false;
  if (near && distanceOf(row, near) > near.km) return false;
  if (!bbox) return true;
  const { south, north, west, east } = bbox;
  const isBetween = (one: number) => (west <= east ? west <= one && one <= east : west <= one || one <= east);
  const meets = Math.abs(lat) === 90 || (Math.abs(lon) === 180 ? isBetween(180) || isBetween(-180) : isBetween(lon));
  return south <= lat && lat <= north && meets;
}

const statusNames = [undefined, "comprando", "comprado", "pre_venta", "en_venta", "vendido"];

/** The ids of a search by looking at every row. */
function byLooking(search: SearchInput & { q: string } & Place): number[] {
  const words = plain(search.q)
    .split(" ")
    .filter((word) => word !== "");
  // What is null comes last in ascending order; no date is older than any other.
  const key = (row: Row) =>
    search.sort === "newest"
      ? (row.date?.getTime() ?? Number.NEGATIVE_INFINITY)
      : search.sort === "distance"
        ? distanceOf(row, search.near!)
        : search.sort.endsWith("price")
          ? (row.price ?? Number.MAX_VALUE)
          : search.sort.endsWith("year")
            ? (row.year ?? Number.MAX_VALUE)
            : row.id;
  const compare = (a: number, b: number) => (a === b ? 0 : a - b);
  const sign = search.sort.startsWith("-") || search.sort === "newest" ? -1 : 1;
  return rows
    .filter(
      (row) =>
        (visibleStatuses as readonly (string | undefined)[]).includes(statusNames[row.statusId]) &&
        (search.statuses.length === 0 || search.statuses.includes(statusNames[row.statusId] as never)) &&
        isPlaced(row, search) &&
        isOneOf(row.city, search.cities) &&
        isOneOf(row.type, search.types) &&
        isWithin(row.rooms, search.rooms) &&
        isWithin(row.area, search.area) &&
        (search.newSince === undefined || (row.date?.getTime() ?? firstDate) >= search.newSince.getTime()) &&
        isWithin(row.year, search.year) &&
        isWithin(row.price, search.price) &&
        words.every((word) => textOf(row).includes(` ${word}`)),
    )
    .toSorted((a, b) => sign * (compare(key(a), key(b)) || a.id - b.id))
    .map(({ id }) => id);
}

/** Each row has one status, whose date is that of the first visible one; without a date it is the oldest. */
const firstDate = Date.UTC(1000, 0, 1);

const sometimes = <T>(share: number, make: () => T): T | undefined => (random.chance(share) ? make() : undefined);
const asked = [
  "xyzzy",
  "antigua",
  "moderna",
  "par",
  "impar",
  "ca",
  "c",
  "7",
  "matricula",
  "matricula0042",
  "matricula00",
  "leticia",
  ...common,
  ...odd,
];

/** Anything that can be asked. */
function anySearch(): SearchInput & { q: string } & Place {
  const q = Array.from({ length: random.pick([0, 1, 1, 2, 2, 3, 8]) }, () => {
    const word = random.pick(asked);
    return random.chance(30)
      ? [...word].slice(0, random.whole(1, 4)).join("")
      : random.chance(20)
        ? word.toUpperCase()
        : word;
  }).join(random.pick([" ", " ", "+", "_", '" "']));
  const oneYear = sometimes(20, () => random.whole(1995, 2015));
  const from = random.whole(1985, 2020);
  const someYears = sometimes(15, () => ({ min: from, max: from + random.pick([1, 9, 30]) }));
  const year = oneYear === undefined ? someYears : { min: oneYear, max: oneYear };
  const low = sometimes(30, () => random.pick([0, 5_000_000, 19_500_000, 310_000_000, 700_000_000, 2_000_000_000]));
  const high = sometimes(40, () => (low ?? 0) + random.pick([0, 700_000, 50_000_000, 600_000_000]));
  const centre = random.pick([
    { lat: 4.65, lon: -74.08 },
    { lat: 4.7, lon: -74.1 },
    { lat: -17, lon: 179.99 },
    { lat: -17.1, lon: -180 },
    { lat: 89.95, lon: 20 },
  ]);
  const near = sometimes(25, () => ({ ...centre, km: random.pick([0.1, 2, 7, 60, 900, 20_000]) }));
  const bbox = sometimes(10, () =>
    random.pick([
      { south: 4.6, north: 4.7, west: -74.1, east: -74 },
      { south: -18, north: -16.5, west: 179.2, east: -179.6 },
      { south: -90, north: 90, west: -180, east: 180 },
      { south: 60, north: 90, west: 10, east: 20 },
      { south: -20, north: 10, west: 180, east: 180 },
    ]),
  );
  const sort = random.pick(near ? (["distance", ...sorts] as const) : orders);
  const several = <T>(share: number, all: readonly T[]) =>
    Array.from({ length: random.chance(share) ? random.pick([1, 1, 2, 3]) : 0 }, () => random.pick(all));
  return {
    q,
    near,
    bbox,
    place: areaOf(near, bbox),
    words: wordsOf(q).slice(0, 8),
    cities: several(25, [...cities, "bogotá", "ñunoa", "atlantis"]),
    types: several(15, ["CASA", "lote", "castillo"]),
    rooms: sometimes(15, () => random.pick([{ min: 3, max: 3 }, { min: 4 }])),
    area: sometimes(15, () => random.pick([{ min: 80 }, { max: 100 }, { min: 99, max: 101 }])),
    newSince: sometimes(25, () =>
      random.pick([
        new Date(firstDate),
        new Date(firstDate + 1),
        new Date(Date.UTC(2022, random.whole(0, 34), random.whole(1, 28), 0, 0, 0, random.whole(0, 1))),
        new Date(Date.UTC(2030, 0, 1)),
      ]),
    ),
    statuses: [...new Set(several(25, visibleStatuses))],
    ...(year ? { year } : {}),
    ...(low === undefined && high === undefined ? {} : { price: { min: low, max: high } }),
    sort: onlyYear({ year }) === undefined ? sort : sortWithinYear(sort),
  };
}

async function rowsRead(): Promise<number> {
  const found = await readRows<{ Value: string }>(db.pool, "SHOW SESSION STATUS LIKE 'Handler_read%'", {});
  return found.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** What a page may read: every step at its bound, a row of a temporary table as often as it is written, sorted and read. */
function mostRows(limits: SearchLimits): number {
  const conditions = 8 + maxCities + 3 + 3 + 3;
  const terms = conditions * limits.rowsOfTerm + limits.rowsOfBuckets + limits.rowsAtOnce;
  const walks = 3 * 3 * (limits.walk + limits.longWalk + limits.ofPrice);
  const listingsRead = 2 * (limits.sorted + idsAtOnce) * 4;
  const places = 6 * 2 * limits.places * (1 + limits.rings);
  return terms + walks + listingsRead + places + 1000;
}

interface Pages {
  ids: number[];
  /** Why there is no further page. */
  refused?: string;
}

async function pagesOf(on: Database, search: SearchInput, limit: number, pages: number): Promise<Pages> {
  const ids: number[] = [];
  let { after } = search;
  for (let page = 0; page < pages; page++) {
    const before = await rowsRead();
    const overhead = (await rowsRead()) - before;
    try {
      const start = await rowsRead();
      const found = await searchProperties(on, { ...search, after }, limit).finally(async () => {
        const read = (await rowsRead()) - start - overhead;
        expect(read, JSON.stringify({ seed, search, page })).toBeLessThan(mostRows(on.limits));
      });
      ids.push(...found.properties.map(({ id }) => id));
      if (!found.end) break;
      after = found.end;
    } catch (error) {
      if (error instanceof Problem && error.status === 422) return { ids, refused: error.message };
      throw error;
    }
  }
  return { ids };
}

const small: SearchLimits = {
  few: 40,
  sorted: 300,
  rowsOfTerm: 60,
  ofPrice: 30,
  ofSeen: 30,
  places: 300,
  rings: 24,
  walk: 10,
  longWalk: 100,
  rowsOfBuckets: 200,
  rowsAtOnce: 20,
  ofPriceEnd: 100,
  ofSeenMonth: 100,
  rowsOfFacet: 200,
  rowsOfStatistics: 200,
  blocksOfPrices: 1000,
};

test.each([
  ["as they are", searchLimits, 0],
  ["so small that every way is gone", { ...small, sorted: 120, ofPriceEnd: 20, rowsOfFacet: 40 }, 0.3],
])(
  "any search finds what looking at every row finds, limits %s",
  async (_, limits, refusals) => {
    const on = { ...db, limits };
    const searches = full ? 1500 : 120;
    let refused = 0;
    let uncounted = 0;
    let found = 0;
    for (let i = 0; i < searches; i++) {
      const { q, near, bbox, ...search } = anySearch();
      const limit = random.pick([1, 7, 20]);
      const wanted = byLooking({ ...search, q, near, bbox });
      const pages = await pagesOf(on, search, limit, 3);
      const context = JSON.stringify({ seed, q, search, limit, refused: pages.refused });
      if (pages.refused === undefined) expect(pages.ids, context).toEqual(wanted.slice(0, 3 * limit));
      else expect(pages.ids, context).toEqual(wanted.slice(0, pages.ids.length));
      if ((full || i % 3 === 0) && !(await expectCounts(on, search, wanted, context))) uncounted++;
      if (pages.refused !== undefined) refused++;
      if (wanted.length > 0) found++;
    }
    expect(found).toBeGreaterThan(searches / 3);
    expect(refused, `${refused} of ${searches} were refused`).toBeLessThanOrEqual(searches * refusals);
    if (refusals > 0) expect(refused + uncounted).toBeGreaterThan(0);
  },
  600_000,
);

/** Asserts that counts are right; `estimated` is never too small. Returns whether there are exact ones. */
async function expectCounts(on: Database, search: SearchInput, wanted: number[], context: string): Promise<boolean> {
  const { total = 0 } = await countResults(on, search, { count: "estimated", facets: [] });
  expect(total, context).toBeGreaterThanOrEqual(wanted.length);
  const exact = await countResults(on, search, { count: "exact", facets: [...facetNames] }).catch((error: unknown) => {
    if (!(error instanceof Problem && error.status === 422)) throw error;
    expect(on.limits, `${context}: ${error.message}`).not.toBe(searchLimits);
  });
  if (!exact) return false;
  expect(exact.total, context).toBe(wanted.length);
  const found = wanted.map((id) => rows[id - 1]!);
  const values: Record<FacetName, (row: Row) => string | number | null> = {
    city: (row: Row) => row.city && plain(row.city),
    status: (row: Row) => statusNames[row.statusId]!,
    year: (row: Row) => row.year,
  };
  for (const name of facetNames) {
    const groups = [...Map.groupBy(found, values[name])].filter(([value]) => value !== null);
    const counts = groups.map(([value, some]) => [value, some.length]);
    const facet = exact.facets?.[name]?.map(({ value, count }) => [name === "city" ? plain(`${value}`) : value, count]);
    expect(new Map(facet as []), `${context} ${name}`).toEqual(new Map(counts as []));
  }
  return true;
}

const any: SearchInput = { cities: [], types: [], statuses: [], words: [], sort: "id" };

const hard: [string, Partial<SearchInput> & { q?: string }][] = [
  ["words that never meet", { q: "antigua moderna", sort: "newest" }],
  ["a common word and one that nobody has", { q: "colegios xyzzy" }],
  ["a word and a city that never meet", { q: "casa", cities: ["cali"], year: { min: 2015, max: 2015 } }],
  ["the cheap ones, which are the oldest, the youngest first", { price: { max: 20_000_000 }, sort: "-id" }],
  ["the cheap ones, the dearest first", { q: "antigua", sort: "-price" }],
  ["those of the last ids, the first years first", { q: "moderna", sort: "year" }],
  ["those whose status is the oldest, the newest first", { q: "moderna", sort: "newest" }],
  ["eight beginnings of one letter", { q: "c j d 7 n a p m", sort: "-year" }],
  ["a beginning that very many words have", { q: "matricula00", sort: "id" }],
];

test.each(hard)("%s: a page is read by its index alone", async (_, { q = "", ...rest }) => {
  const search: SearchInput = { ...any, ...rest, words: wordsOf(q) };
  const limits = { ...searchLimits, few: 100, sorted: 1000 };
  const first = byLooking({ ...search, q }).slice(0, 60);
  const { ids, refused } = await pagesOf({ ...db, limits }, search, 20, 3);
  expect([refused, ids]).toEqual([undefined, first]);
});

test.each(orders)(
  "a long beginning that too many words have is refused before too many texts are read: %s",
  async (sort) => {
    const search: SearchInput = { ...any, sort, words: ["matricula0042"] };
    const { ids, refused } = await pagesOf({ ...db, limits: small }, search, 20, 1);
    expect(ids).toEqual([]);
    expect(refused).toMatch(/longer or rarer words/);
  },
);

const rangeAround = (price: number | null): Range => ({ min: Math.floor(price ?? 0), max: Math.ceil(price ?? 0) });

test.each(orders)("any letters that stand in a text find it: %s", async (sort) => {
  for (let i = 0; i < (full ? 200 : 12); i++) {
    const row = random.pick(rows.filter(({ statusId, price }) => statusId === 4 && price !== null));
    const words = random.pick([1, 2, 8]);
    const q = Array.from({ length: words }, () => {
      const word = random.pick(`${row.address} ${row.description ?? ""}`.split(/\s+/));
      return [...word].slice(0, random.pick([1, 2, 3, 4, 40])).join("");
    }).join(" ");
    const search: SearchInput = {
      ...any,
      sort,
      words: wordsOf(q).slice(0, 8),
      price: rangeAround(row.price),
    };
    const { ids, refused } = await pagesOf(db, search, 100, 5);
    expect([ids.includes(row.id), refused], JSON.stringify({ seed, q, row })).toEqual([true, undefined]);
  }
});

test("an order is gone through bucket by bucket up to a bound", async () => {
  const search: SearchInput = { ...any, sort: "-price", words: ["antigua"] };
  const first = byLooking({ ...search, q: "antigua" }).slice(0, 20);
  const enough = { ...small, rowsOfBuckets: 1000 };
  expect(await pagesOf({ ...db, limits: enough }, search, 20, 1)).toEqual({ ids: first });
  const { refused } = await pagesOf({ ...db, limits: { ...enough, rowsOfBuckets: 5, rowsAtOnce: 10 } }, search, 20, 1);
  expect(refused).toMatch(/Sort by id or -id/);
});
