import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillDemo } from "../src/demo/fill-demo.ts";
import { demoListings } from "../src/demo/listings.ts";
import { isVisible } from "../src/properties/statuses.ts";
import { type OpenListings, openListings, type Property } from "./open-listings.ts";

let listings: OpenListings;
/** What the demo data holds, worked out here again: the visible properties with their latest statuses. */
let expected: Property[];

beforeAll(async () => {
  listings = await openListings();
  await fillDemo(listings.deps, () => {});
  expected = demoListings(400).flatMap(({ fields, history }, i) => {
    const latest = history.toSorted((a, b) => b.updateDate.getTime() - a.updateDate.getTime())[0]!;
    const { address, city, price, description, year } = fields;
    const shown = { id: i + 1, address, city, price, description, year, status: latest.status };
    return isVisible(latest.status) ? [shown] : [];
  });
});
afterAll(() => listings[Symbol.asyncDispose]());

/** Every page of a search, one after the other. */
async function all(query: string, limit = 100): Promise<Property[]> {
  const found: Property[] = [];
  let next = "";
  do {
    const { status, body } = await listings.get(`?limit=${limit}${query}${next}`);
    expect(status, body.detail).toBe(200);
    expect(body.status).toBe("success");
    found.push(...body.properties);
    next = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
  } while (next !== "");
  return found;
}

const ids = (properties: Property[]) => properties.map(({ id }) => id);

test("lists the visible properties, each once, with its latest status", async () => {
  expect(await all("")).toEqual(expected);
});

test("filters by city, year and status together", async () => {
  const { status, body } = await listings.get("?year=2019&city=pereira&status=vendido");
  expect(status).toBe(200);
  const wanted = expected.filter((p) => p.city === "Pereira" && p.year === 2019 && p.status === "vendido");
  expect(wanted.length).toBeGreaterThan(0);
  expect(body.properties).toEqual(wanted);
  expect(Object.keys(body.properties[0]!)).toEqual(["id", "address", "city", "price", "description", "year", "status"]);
});

test.each(["BOGOTÁ", "bogota", "Bogotá", "%20bogota%20", "Bogota%CC%81"])("finds the city %s", async (city) => {
  expect(ids(await all(`&city=${city}`))).toEqual(ids(expected.filter((p) => p.city === "Bogotá")));
});

test.each(["pre_venta", "en_venta", "vendido"])("filters by the status %s", async (status) => {
  expect(ids(await all(`&status=${status}`))).toEqual(ids(expected.filter((p) => p.status === status)));
});

test("filters by price in every order", async () => {
  const within = expected.filter(({ price }) => price >= 300_000_000 && price <= 500_000_000);
  for (const sort of ["id", "-id", "price", "-price", "year", "-year", "newest"]) {
    const found = await all(`&minPrice=300000000&maxPrice=500000000&sort=${sort}`, 7);
    expect(
      ids(found).toSorted((a, b) => a - b),
      sort,
    ).toEqual(ids(within));
  }
  expect(ids(await all("&minPrice=2000000000"))).toEqual(ids(expected.filter(({ price }) => price >= 2_000_000_000)));
  expect(ids(await all("&maxPrice=150000000"))).toEqual(ids(expected.filter(({ price }) => price <= 150_000_000)));
});

describe("sorting, by pages of 7", () => {
  const orders: [string, (a: Property, b: Property) => number][] = [
    ["id", (a, b) => a.id - b.id],
    ["-id", (a, b) => b.id - a.id],
    ["price", (a, b) => a.price - b.price || a.id - b.id],
    ["-price", (a, b) => b.price - a.price || b.id - a.id],
    ["year", (a, b) => a.year - b.year || a.id - b.id],
    ["-year", (a, b) => b.year - a.year || b.id - a.id],
  ];
  test.each(orders)("%s", async (sort, order) => {
    expect(ids(await all(`&sort=${sort}`, 7))).toEqual(ids(expected.toSorted(order)));
    const inCali = expected.filter((p) => p.city === "Cali" && p.status === "en_venta");
    expect(ids(await all(`&sort=${sort}&city=cali&status=en_venta`, 3))).toEqual(ids(inCali.toSorted(order)));
    const of2019 = expected.filter((p) => p.year === 2019);
    expect(ids(await all(`&sort=${sort}&year=2019`, 3))).toEqual(ids(of2019.toSorted(order)));
  });

  test("newest, by the date of the latest status", async () => {
    const dates = new Map(
      demoListings(400).map(({ history }, i) => [i + 1, Math.max(...history.map((h) => h.updateDate.getTime()))]),
    );
    const order = (a: Property, b: Property) => dates.get(b.id)! - dates.get(a.id)! || b.id - a.id;
    expect(ids(await all("&sort=newest", 7))).toEqual(ids(expected.toSorted(order)));
  });
});

/** Whether words of a property's text begin with those of `q`, worked out here again. */
function hasWords(property: Property, q: string): boolean {
  const plain = (text: string) =>
    text
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ");
  const text = plain(` ${property.address} ${property.description}`);
  return plain(q)
    .split(" ")
    .every((word) => text.includes(` ${word}`));
}

describe("several values", () => {
  test("of cities and statuses find any of them, in every order", async () => {
    const wanted = expected.filter((p) => ["Cali", "Bogotá"].includes(p.city) && p.status !== "vendido");
    for (const sort of ["id", "-id", "price", "-price", "year", "-year", "newest"]) {
      const found = await all(`&city=cali&city=bogota&city=BOGOTÁ&status=pre_venta&status=en_venta&sort=${sort}`, 7);
      expect(
        ids(found).toSorted((a, b) => a - b),
        sort,
      ).toEqual(ids(wanted));
    }
  });

  test("of a range of years", async () => {
    for (const sort of ["id", "-price", "year", "-year", "newest"]) {
      const found = await all(`&minYear=2005&maxYear=2015&sort=${sort}`, 9);
      const wanted = expected.filter(({ year }) => year >= 2005 && year <= 2015);
      expect(
        ids(found).toSorted((a, b) => a - b),
        sort,
      ).toEqual(ids(wanted));
    }
    expect(ids(await all("&minYear=2018"))).toEqual(ids(expected.filter(({ year }) => year >= 2018)));
    const one = expected.filter(({ year }) => year === 2019);
    expect(ids(await all("&minYear=2019&maxYear=2019&sort=-year"))).toEqual(ids(one).reverse());
  });
});

describe("beside the properties", () => {
  test("count adds the number on all pages, whatever the page", async () => {
    const wanted = expected.filter((p) => p.city === "Cali" && p.price >= 250_000_000).length;
    for (const count of ["exact", "estimated"]) {
      const query = `?city=cali&minPrice=250000000&limit=2&count=${count}`;
      const { body } = await listings.get(query);
      expect(body.total).toBe(wanted);
      expect((await listings.get(`${query}&cursor=${body.nextCursor}`)).body.total).toBe(wanted);
    }
    expect((await listings.get("?city=cali")).body).not.toHaveProperty("total");
    expect((await listings.get("?count=exact")).body.total).toBe(expected.length);
  });

  test("facets count the values of all results, the most frequent first", async () => {
    const { body } = await listings.get("?q=apartamento&facets=city,status,year&limit=1");
    const results = expected.filter((property) => hasWords(property, "apartamento"));
    expect(Object.keys(body.facets as object)).toEqual(["city", "status", "year"]);
    for (const field of ["city", "status", "year"] as const) {
      const counts = Map.groupBy(results, (property) => property[field]);
      const facet = (body.facets as Record<string, { value: unknown; count: number }[]>)[field]!;
      expect(new Map(facet.map(({ value, count }) => [value, count]))).toEqual(
        new Map([...counts].map(([value, some]) => [value, some.length])),
      );
      expect(facet.map(({ count }) => count)).toEqual(facet.map(({ count }) => count).toSorted((a, b) => b - a));
    }
    const { body: one } = await listings.get("?facets=status");
    expect(Object.keys(one.facets as object)).toEqual(["status"]);
  });

  test("fields chooses those of each property, in JSON, CSV and NDJSON", async () => {
    const { body } = await listings.get("?city=cali&fields=price,id,price");
    expect(body.properties[0]).toEqual({ id: expect.any(Number), price: expect.any(Number) });
    expect(Object.keys(body.properties[0]!)).toEqual(["id", "price"]);
  });
});

describe("words", () => {
  const has = (...words: string[]) => expected.filter((property) => hasWords(property, words.join(" ")));
  test.each([
    ["apartamento"],
    ["HABITACIÓN"],
    ["habitacion"],
    ["nevado", "ruiz"],
    ["calle", "1"],
    ["chime", "balc"],
    ["de"],
    ["a", "1"],
    ["con", "pisos", "en", "madera"],
    ["apartamento", "de", "m", "en", "habitaciones", "queda", "a", "del"],
  ])("%s", async (...given) => {
    const words = given.filter((word) => word !== undefined);
    const wanted = ids(has(...words));
    expect(wanted.length).toBeGreaterThan(0);
    expect(ids(await all(`&q=${words.join("+")}`, 9))).toEqual(wanted);
  });

  test("combine with the other filters and orders", async () => {
    const wanted = has("apartamento").filter((p) => p.city === "Medellín" && p.price < 900_000_000);
    const found = await all("&q=apartamento&city=medellin&maxPrice=899999999&sort=-price", 4);
    expect(ids(found)).toEqual(ids(wanted.toSorted((a, b) => b.price - a.price || b.id - a.id)));
  });

  test.each(["helicoptero", "apartamento+xyzzy", "artamento"])("find nothing: %s", async (q) => {
    const { status, body } = await listings.get(`?q=${q}`);
    expect([status, body.detail]).toEqual([404, "No records found"]);
  });
});

describe("nothing found", () => {
  test.each([
    "?city=atlantis",
    "?year=1066",
    "?minPrice=999999999999999",
    "?city=cali&year=1801",
    "?status=vendido&maxPrice=1",
  ])("%s", async (query) => {
    const { status, headers, body } = await listings.get(query);
    expect(status).toBe(404);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body.detail).toBe("No records found");
  });
});

describe("refused", () => {
  test.each([
    ["?ciudad=cali", "ciudad"],
    ["?status=comprado", "status"],
    ["?status=comprando", "status"],
    ["?status=regalado", "status"],
    ["?status=", "status"],
    ["?year=veinte", "year"],
    ["?year=-2019", "year"],
    ["?year=99999999999999999999", "year"],
    ["?minPrice=barato", "minPrice"],
    ["?maxPrice=-1", "maxPrice"],
    ["?maxPrice=1e9", "maxPrice"],
    ["?minPrice=2&maxPrice=1", "minPrice"],
    ["?sort=price;drop", "sort"],
    ["?sort=description", "sort"],
    ["?limit=0", "limit"],
    ["?limit=101", "limit"],
    ["?limit=many", "limit"],
    ["?city=", "city"],
    [`?city=${"x".repeat(81)}`, "city"],
    [`?${"city=cali&".repeat(11)}`, "city"],
    ["?city=cali&city=", "city"],
    ["?status=vendido&status=comprado", "status"],
    ["?year=2019&year=2020", "year"],
    ["?year=2019&minYear=2000", "year"],
    ["?minYear=2001&maxYear=2000", "minYear"],
    ["?maxYear=x", "maxYear"],
    ["?count=all", "count"],
    ["?fields=id,colour", "fields"],
    ["?fields=", "fields"],
    ["?facets=city,price", "facets"],
    ["?format=csv&count=exact", "count"],
    ["?format=ndjson&facets=city", "facets"],
    ["?city=%00", "city"],
    ["?q=", "q"],
    ["?q=%25%5F%20%2B-", "q"],
    [`?q=${"x".repeat(101)}`, "q"],
    ["?q=one+two+three+four+five+six+seven+eight+nine", "q"],
    ["?cursor=abc", "cursor"],
    ["?cursor=", "cursor"],
    [`?cursor=${"A".repeat(600)}`, "cursor"],
  ])("%s names %s", async (query, path) => {
    const { status, body } = await listings.get(query);
    expect(status).toBe(400);
    expect(body.errors.map((fault) => fault.path)).toEqual([path]);
  });

  test("a status that is not visible names the three", async () => {
    const { body } = await listings.get("?status=comprado");
    for (const name of ["pre_venta", "en_venta", "vendido"]) expect(body.detail).toContain(name);
  });

  test("a cursor of another order, or one that was changed", async () => {
    const { body } = await listings.get("?limit=1&sort=price");
    const cursor = body.nextCursor!;
    expect((await listings.get(`?limit=1&sort=price&cursor=${cursor}`)).status).toBe(200);
    expect((await listings.get(`?limit=1&sort=-price&cursor=${cursor}`)).status).toBe(400);
    expect((await listings.get(`/liked?cursor=${cursor}`)).status).toBe(400);
    const last = cursor.at(-5) === "A" ? "B" : "A";
    const forged = cursor.slice(0, -5) + last + cursor.slice(-4);
    expect((await listings.get(`?limit=1&sort=price&cursor=${forged}`)).status).toBe(400);
  });
});

describe("a parameter is never SQL", () => {
  const injections = [
    "' OR '1'='1",
    "cali' OR 1=1 -- ",
    "') UNION SELECT id FROM status -- ",
    "\\' OR 1=1 #",
    '" OR ""="',
  ];
  for (const text of injections) {
    test.each(["city", "year", "status", "minPrice", "maxPrice", "q", "sort", "limit", "cursor", "id"])(
      `%s=${text}`,
      async (name) => {
        const { status, body } = await listings.get(`?${name}=${encodeURIComponent(text)}`);
        if (name === "q" && status === 200) expect(body.properties.every((p) => hasWords(p, text))).toBe(true);
        else expect([400, 404]).toContain(status);
        expect(JSON.stringify(body)).not.toMatch(/SELECT id|syntax|mysql|mariadb/i);
      },
    );
  }

  test("wildcards of LIKE and operators of full text find nothing by themselves", async () => {
    for (const text of ["%%%", "___", "+++", "-apartamento*xyzzy", "casa%xyzzy", "@@@@@@"]) {
      const { status } = await listings.get(`?q=${encodeURIComponent(text)}`);
      expect([400, 404], text).toContain(status);
    }
    expect((await listings.get(`?city=${encodeURIComponent("C%")}`)).status).toBe(404);
    expect((await listings.get(`?city=${encodeURIComponent("____")}`)).status).toBe(404);
  });
});

test("needs an account, before anything else is looked at", async () => {
  const { status, headers } = await listings.get("?nonsense=1", { as: null });
  expect(status).toBe(401);
  expect(headers.get("www-authenticate")).toContain("Basic");
  const basic = { Authorization: listings.plain.basic };
  expect((await listings.get("?limit=1", { as: null, headers: basic })).status).toBe(200);
});

test("finds what became visible since a moment, however its status changes later", async () => {
  const city = "Puerto Nuevo";
  const since = async (moment: string, more = "") =>
    (await listings.get(`?city=${city}&newSince=${encodeURIComponent(moment)}${more}`)).body;
  const now = async () => {
    const [[row]] = (await listings.deps.db.pool.query("SELECT UTC_TIMESTAMP(3) AS now")) as unknown as [
      [{ now: Date }],
    ];
    return row.now.toISOString();
  };
  const start = await now();
  const [hidden, shown] = [await listings.create({ city, status: "comprado" }), await listings.create({ city })];
  expect(ids((await since(start)).properties)).toEqual([shown]);
  const later = await now();
  expect((await since(later)).detail).toBe("No records found");
  const statuses = [
    [hidden, "en_venta"],
    [shown, "comprado"],
    [shown, "vendido"],
  ] as const;
  for (const [id, status] of statuses) {
    await listings.call("POST", `/${id}/status`, { as: listings.staff, body: { status } });
  }
  expect(ids((await since(later)).properties)).toEqual([hidden]);
  const counted = await since(start.replace("Z", "+00:00"), "&sort=-price&count=exact&facets=status");
  expect([ids(counted.properties), counted.total]).toEqual([[shown, hidden], 2]);
  expect(counted.facets).toEqual({
    status: [
      { value: "en_venta", count: 1 },
      { value: "vendido", count: 1 },
    ],
  });
  const rows = await listings.fetch(`?city=${city}&newSince=${later}&format=csv&fields=id`);
  expect(await rows.text()).toBe(`id\r\n${hidden}\r\n`);
  // What was there before is as old as its first visible status.
  expect((await listings.get("?newSince=0001-01-01T00:00:00Z&count=exact")).body.total).toBe(expected.length + 2);
  for (const moment of ["yesterday", "2026-11-01", "2026-02-30T00:00:00Z", "2026-11-01T00:00:00"]) {
    const { status, body } = await listings.get(`?newSince=${moment}`);
    expect([status, body.errors?.[0]?.path]).toEqual([400, "newSince"]);
  }
});
