import { describe, expect, it } from "vitest";
import type { Client } from "../harness/client.ts";
import type { Installation } from "../harness/installation.ts";
import { expectProblem } from "../harness/problem.ts";
import { cursor, forged, time, unique } from "../harness/values.ts";

interface Property {
  id: number;
  address: string;
  city: string;
  price: number;
  description: string;
  year: number;
  status: string;
}

export function properties({ anyone, plain, other, staff }: Installation): void {
  /** A property in a city of its own unless told otherwise; returns it as the list shows it. */
  const add = async (fields: Partial<Property> = {}): Promise<Property> => {
    const input = {
      address: "Calle 95 # 78 - 49",
      city: unique("ciudad"),
      price: 120_000_000,
      description: "Apartamento sobre avenida principal",
      year: 2019,
      status: "en_venta",
      ...fields,
    };
    const made = await staff.post("/properties", input);
    expect(made.status, made.text).toBe(201);
    return { id: made.json<{ id: number }>().id, ...input };
  };
  const list = async (query: Record<string, string | number>) => {
    const answer = await plain.get("/properties", query);
    expect(answer.status, answer.text).toBe(200);
    return answer.json<{ status: string; properties: Property[]; nextCursor: string | null }>();
  };
  const idsOf = async (query: Record<string, string | number>) => (await list(query)).properties.map(({ id }) => id);
  const expectNone = async (query: Record<string, string | number>) => {
    expect(expectProblem(await plain.get("/properties", query), 404).detail).toBe("No records found");
  };

  describe("GET /properties", () => {
    it("shows a property's fields, by Bearer and by Basic", async () => {
      const property = await add({ description: "Ünï😀 'quoted' \\ 100%" });
      const answer = await plain.get("/properties", { city: property.city });
      expect(answer.json()).toEqual({ status: "success", properties: [property], nextCursor: null });
      expect((await plain.basic.get("/properties", { city: property.city })).text).toBe(answer.text);
      expectProblem(await anyone.get("/properties"), 401);
    });

    it("filters by each field and by all together, city without regard to case", async () => {
      const city = unique("Pereira");
      const a = await add({ city, year: 2019, price: 100, status: "vendido", description: "Con jardín" });
      const b = await add({ city, year: 2021, price: 200, status: "en_venta" });
      const c = await add({ city, year: 2021, price: 300, status: "pre_venta" });
      expect((await idsOf({ city: city.toUpperCase() })).sort()).toEqual([a.id, b.id, c.id].sort());
      expect(await idsOf({ city, year: 2019 })).toEqual([a.id]);
      expect(await idsOf({ city, status: "en_venta" })).toEqual([b.id]);
      expect(await idsOf({ city, minPrice: 300 })).toEqual([c.id]);
      expect(await idsOf({ city, maxPrice: 100 })).toEqual([a.id]);
      expect(await idsOf({ city, q: "jardín" })).toEqual([a.id]);
      expect(await idsOf({ year: 2021, city, status: "pre_venta", minPrice: 300, maxPrice: 300 })).toEqual([c.id]);
      await expectNone({ city, year: 2019, status: "en_venta" });
    });

    it("takes several cities and statuses, years from and to, and counts what it finds", async () => {
      const [city, other] = [unique("Cali"), unique("Leticia")];
      const a = await add({ city, year: 1999, status: "vendido" });
      const b = await add({ city: other, year: 2005, status: "en_venta" });
      await add({ city, year: 2012, status: "pre_venta" });
      const query = `/properties?city=${city}&city=${other}&status=vendido&status=en_venta&minYear=1999&maxYear=2005`;
      const answer = await plain.get(`${query}&fields=id,city&count=exact&facets=city,status,year`);
      expect(answer.json()).toEqual({
        status: "success",
        properties: [
          { id: a.id, city },
          { id: b.id, city: other },
        ],
        nextCursor: null,
        total: 2,
        facets: {
          city: [
            { value: city, count: 1 },
            { value: other, count: 1 },
          ],
          status: [
            { value: "vendido", count: 1 },
            { value: "en_venta", count: 1 },
          ],
          year: [
            { value: 1999, count: 1 },
            { value: 2005, count: 1 },
          ],
        },
      });
    });

    it("shows the latest status only, each property once, and hidden ones never", async () => {
      const { id, city } = await add({ status: "pre_venta" });
      const append = async (status: string) => {
        const answer = await staff.post(`/properties/${id}/status`, { status });
        expect(answer.status, answer.text).toBe(201);
      };
      await append("en_venta");
      await append("vendido");
      expect((await list({ city })).properties).toMatchObject([{ id, status: "vendido" }]);
      await expectNone({ city, status: "en_venta" });
      await append("comprado");
      await expectNone({ city });
      await append("en_venta");
      expect((await list({ city })).properties).toMatchObject([{ id, status: "en_venta" }]);
    });

    it("goes through pages by cursor, each property once", async () => {
      const city = unique("pages");
      const ids: number[] = [];
      for (let i = 0; i < 5; i++) ids.push((await add({ city, price: i % 2 })).id);
      for (const sort of [{}, { sort: "price" }, { sort: "-price" }]) {
        const first = await list({ city, limit: 2, ...sort });
        expect(first.nextCursor).toEqual(cursor);
        const second = await list({ city, limit: 2, ...sort, cursor: first.nextCursor ?? "" });
        const third = await list({ city, limit: 2, ...sort, cursor: second.nextCursor ?? "" });
        expect(third.nextCursor).toBeNull();
        const seen = [first, second, third].flatMap((page) => page.properties.map(({ id }) => id));
        expect(seen.sort()).toEqual(ids.sort());
      }
      const { nextCursor } = await list({ city, limit: 2 });
      expectProblem(await plain.get("/properties", { city, cursor: forged(nextCursor ?? "") }), 400, "cursor");
    });

    it.each([
      ["year", "x"],
      ["year", "2019 OR 1=1"],
      ["minPrice", "1e3"],
      ["sort", "id; DROP TABLE property"],
      ["limit", "0"],
      ["limit", "101"],
      ["count", "all"],
      ["fields", "password"],
      ["facets", "price"],
      ["minYear", "-1"],
      ["newSince", "yesterday"],
      ["cursor", "AAAA"],
    ])("refuses %s=%s", async (name, value) => {
      expectProblem(await plain.get("/properties", { [name]: value }), 400, name);
    });

    it("takes SQL in a text filter as text", async () => {
      await add();
      for (const text of ["' OR '1'='1", "%", "_", "\\", "a' UNION SELECT * FROM auth_user -- "]) {
        await expectNone({ city: text });
      }
      await expectNone({ q: `${unique("absent")}' OR '1'='1` });
      await expectNone({ q: `+${unique("absent")}* (") @@` });
    });
  });

  describe("prices", () => {
    it("gives the prices of a property, latest first, and statistics of those of a city", async () => {
      const { id, city } = await add({ price: 100, year: 2001 });
      await add({ city, price: 300, year: 2001 });
      const changed = await staff.with({ "If-Match": "*" }).patch(`/properties/${id}`, { price: 200 });
      expect(changed.status, changed.text).toBe(200);
      const answer = await plain.get(`/properties/${id}/prices`);
      expect(answer.json()).toEqual({
        status: "success",
        prices: [
          { price: 200, since: time },
          { price: 100, since: time },
        ],
        nextCursor: null,
      });
      const statistics = await plain.get("/properties/statistics", { city, by: "city,year" });
      const prices = { min: 200, lowerQuartile: 225, median: 250, upperQuartile: 275, max: 300 };
      expect(statistics.json()).toEqual({
        status: "success",
        statistics: [{ city, year: 2001, count: 2, ...prices }],
      });
      for (const path of [`/properties/${id}/prices`, `/properties/statistics?city=${city}`]) {
        const { headers } = await plain.get(path);
        const tag = { "If-None-Match": String(headers.etag) };
        expect((await plain.with(tag).get(path)).status).toBe(304);
        expectProblem(await plain.with({ Accept: "text/csv" }).get(path), 406);
        expectProblem(await anyone.get(path), 401);
      }
      expectProblem(await plain.get(`/properties/${id}/prices`, { cursor: "AAAA" }), 400, "cursor");
      expectProblem(await plain.get("/properties/999999999/prices"), 404);
      expectProblem(await plain.get("/properties/statistics", { by: "price" }), 400, "by");
    });
  });

  describe("formats and versions", () => {
    it("gives all properties of a search as CSV and NDJSON", async () => {
      const { id, city } = await add({ description: "=1+1" });
      const csv = await plain.with({ Accept: "text/csv" }).get("/properties", { city });
      expect([csv.status, csv.text]).toEqual([
        200,
        `id,address,city,price,description,year,status\r\n${id},Calle 95 # 78 - 49,${city},120000000,'=1+1,2019,en_venta\r\n`,
      ]);
      const lines = await plain.with({ Accept: "application/x-ndjson" }).get("/properties", { city });
      expect(JSON.parse(lines.text)).toMatchObject({ id, description: "=1+1" });
      for (const path of ["/properties", `/properties/${id}`]) {
        expectProblem(await plain.with({ Accept: "image/png" }).get(path), 406);
      }
    });

    it("says that a page or a property is as the client has it", async () => {
      const { id, city } = await add();
      for (const path of [`/properties/${id}`, `/properties?city=${city}`]) {
        const tag = (await plain.get(path)).headers.etag ?? "";
        const same = await plain.with({ "If-None-Match": tag }).get(path);
        expect([same.status, same.text]).toEqual([304, ""]);
      }
    });
  });

  describe("one property", () => {
    it("is shown, and 404 when it is not there", async () => {
      const property = await add();
      const answer = await plain.get(`/properties/${property.id}`);
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual(property);
      expectProblem(await plain.get("/properties/999999999"), 404);
      expectProblem(await anyone.get(`/properties/${property.id}`), 401);
      for (const id of ["x", "0x1", "1.0", "99999999999999999999", "-1", "1'"]) {
        expect([400, 404]).toContain((await plain.get(`/properties/${id}`)).status);
      }
    });

    it("is made and changed by staff only", async () => {
      const { id, ...fields } = await add();
      expectProblem(await plain.post("/properties", fields), 403);
      expectProblem(await plain.post("/properties", { wrong: 1 }), 403);
      expectProblem(await plain.patch(`/properties/${id}`, { price: 1 }), 403);
      expectProblem(await plain.post(`/properties/${id}/status`, { status: "vendido" }), 403);
      expect((await plain.get(`/properties/${id}`)).json()).toEqual({ id, ...fields });
    });

    it("is changed field by field", async () => {
      const property = await add();
      const tag = (await plain.get(`/properties/${property.id}`)).headers.etag ?? "";
      const headers = { "If-Match": tag };
      const changed = await staff.patch(
        `/properties/${property.id}`,
        { price: 5, description: "Remodelado" },
        { headers },
      );
      expect(changed.status, changed.text).toBe(200);
      expect(changed.headers.etag).not.toBe(tag);
      expectProblem(await staff.patch(`/properties/${property.id}`, { price: 6 }, { headers }), 412);
      expectProblem(await staff.patch(`/properties/${property.id}`, { price: 6 }), 428);
      expectProblem(await staff.post(`/properties/${property.id}/status`, { status: "vendido" }, { headers }), 412);
      expect((await plain.get(`/properties/${property.id}`)).json()).toEqual({
        ...property,
        price: 5,
        description: "Remodelado",
      });
      expectProblem(await staff.patch("/properties/999999999", { price: 5 }), 404);
      expectProblem(await staff.patch(`/properties/${property.id}`, { price: "5" }), 422, "price");
      expectProblem(await staff.patch(`/properties/${property.id}`, { id: 5 }), 422, "id");
      expectProblem(await staff.post(`/properties/${property.id}/status`, { status: "regalado" }), 422, "status");
      expectProblem(await staff.post("/properties/999999999/status", { status: "vendido" }), 404);
    });

    it("is withdrawn, so that only staff sees it, and restored", async () => {
      const property = await add();
      const path = `/properties/${property.id}`;
      expectProblem(await plain.delete(path), 403);
      expectProblem(await staff.delete(path, { headers: { "If-Match": '"other"' } }), 412);
      for (const _ of [1, 2]) expect((await staff.delete(path)).status).toBe(204);
      await expectNone({ city: property.city });
      expectProblem(await plain.get(path), 404);
      const seen = { ...property, withdrawnAt: time };
      expect((await staff.get(path)).json()).toEqual(seen);
      const withdrawn = await staff.get("/properties", { withdrawn: "true", limit: 100 });
      expect(withdrawn.json().properties).toContainEqual(seen);
      expectProblem(await plain.get("/properties", { withdrawn: "true" }), 403);
      expectProblem(await plain.post(`${path}/restore`), 403);
      expectProblem(await staff.post(`${path}/restore`, undefined, { headers: { "If-Match": '"other"' } }), 412);
      for (const _ of [1, 2]) expect((await staff.post(`${path}/restore`)).json()).toEqual(property);
      expect((await list({ city: property.city })).properties).toEqual([property]);
      for (const gone of [staff.delete("/properties/999999999"), staff.post("/properties/999999999/restore")]) {
        expectProblem(await gone, 404);
      }
    });

    it("has a history of its status, the latest first", async () => {
      const { id } = await add({ status: "pre_venta" });
      await staff.post(`/properties/${id}/status`, { status: "vendido" });
      const answer = await staff.get(`/properties/${id}/status`);
      expect(answer.status, answer.text).toBe(200);
      const row = { id: expect.any(Number), updateDate: time };
      const history = [
        { ...row, status: "vendido" },
        { ...row, status: "pre_venta" },
      ];
      expect(answer.json()).toEqual({ status: "success", history, nextCursor: null });
      expectProblem(await plain.get(`/properties/${id}/status`), 403);
    });

    it.each([
      ["address", ""],
      ["address", undefined],
      ["city", 1],
      ["city", "x".repeat(5000)],
      ["price", -1],
      ["price", "12"],
      ["price", 1e30],
      ["year", 20.5],
      ["status", "regalado"],
    ])("is refused when %s is %j", async (field, value) => {
      const { id, ...fields } = await add();
      expectProblem(await staff.post("/properties", { ...fields, [field]: value }), 422, field);
    });

    it("is made once for the same Idempotency-Key", async () => {
      const { id, ...fields } = await add();
      const headers = { "Idempotency-Key": unique("key") };
      const city = unique("once");
      const first = await staff.post("/properties", { ...fields, city }, { headers });
      const again = await staff.post("/properties", { ...fields, city }, { headers });
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      expect(await idsOf({ city })).toHaveLength(1);
      expectProblem(await staff.post("/properties", { ...fields, city, price: 1 }, { headers }), 422);
    });
  });

  describe("saved searches", () => {
    it("are an account's own, with their results and what of them is new", async () => {
      const city = unique("busca");
      const body = { name: "Flats", search: { city, maxPrice: 300 }, notify: true };
      const made = await plain.post("/properties/searches", body);
      expect(made.status, made.text).toBe(201);
      const { id } = made.json<{ id: number }>();
      const path = `/properties/searches/${id}`;
      expect(made.headers.location).toBe(path);
      const saved = {
        ...{ id, name: "Flats", search: { city, maxPrice: "300" }, url: `/properties?city=${city}&maxPrice=300` },
        ...{ notify: true, createdAt: time, lookedAt: time, newResults: 0, newResultsExact: true },
      };
      expect(made.json()).toEqual(saved);
      const property = await add({ city, price: 200 });
      await add({ city, price: 400 });
      expect((await plain.get(path)).json()).toEqual({ ...saved, newResults: 1 });
      const results = await plain.get(`${path}/results`, { new: "true" });
      expect(results.json()).toEqual({ status: "success", properties: [property], nextCursor: null, asOf: time });
      const { asOf } = results.json<{ asOf: string }>();
      const looked = await plain.patch(path, { lookedAt: asOf, name: "Looked at" });
      expect(looked.json()).toEqual({ ...saved, name: "Looked at", lookedAt: asOf });
      expect((await plain.get("/properties/searches")).json().searches).toContainEqual(looked.json());
      expect((await plain.get(`${path}/results`, { new: "true" })).json()).toMatchObject({ properties: [] });
      for (const one of [other, staff]) {
        for (const missing of [
          one.get(path),
          one.get(`${path}/results`),
          one.patch(path, { name: "x" }),
          one.delete(path),
        ]) {
          expectProblem(await missing, 404);
        }
      }
      for (const on of ["/properties/searches", path, `${path}/results`]) {
        expectProblem(await anyone.get(on), 401);
        expectProblem(await plain.with({ Accept: "text/csv" }).get(on), 406);
      }
      expectProblem(await plain.post("/properties/searches", { ...body, search: { limit: 5 } }), 422, "search.limit");
      expectProblem(await plain.patch(path, { search: { year: "x" } }), 422, "search.year");
      expectProblem(await plain.get("/properties/searches", { cursor: "AAAA" }), 400, "cursor");
      expectProblem(await plain.get(`${path}/results`, { new: "maybe" }), 400, "new");
      expect((await plain.delete(path)).status).toBe(204);
      expectProblem(await plain.delete(path), 404);
    });
  });

  describe("SQL", () => {
    it("is run by staff, as a user who can only read the listings", async () => {
      const { id, city } = await add();
      const body = { sql: "SELECT id, city, id FROM property WHERE id = :id", params: { id } };
      const answer = await staff.post("/properties/sql", body);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json()).toMatchObject({ rows: [[id, city, id]], truncated: false, warnings: [] });
      const explained = await staff.post("/properties/sql?explain=1", body);
      expect(explained.json()).toMatchObject({ plan: { operation: "select" } });
      expectProblem(await plain.post("/properties/sql", body), 403);
      for (const sql of ["DELETE FROM property", "SELECT * FROM auth_user", "SELECT SLEEP(9)", "SELECT 1; SELECT 2"]) {
        expectProblem(await staff.post("/properties/sql", { sql }), 422);
      }
      expectProblem(await staff.post("/properties/sql", { sql: "SELECT :a" }), 422, "sql");
    });

    it("is saved as a query, and run by whom it is shared with", async () => {
      const { city } = await add({ year: 1901 });
      const name = unique("query").toLowerCase();
      const path = `/properties/queries/${name}`;
      const sql = "SELECT year FROM property WHERE city = :city";
      const saved = await staff.put(path, { sql, params: [{ name: "city" }], public: true });
      expect([saved.status, saved.headers.location], saved.text).toEqual([201, path]);
      expect((await staff.put(path, { sql, params: [{ name: "city" }], public: true })).status).toBe(200);
      const rows = await plain.get(`${path}/rows`, { city });
      expect(rows.json()).toMatchObject({ columns: [{ name: "year", type: "integer" }], rows: [[1901]] });
      const same = plain.with({ "If-None-Match": String(rows.headers.etag) });
      expect((await same.get(`${path}/rows`, { city })).status).toBe(304);
      expectProblem(await plain.get(`${path}/rows`), 400, "city");
      expect((await plain.get("/properties/queries")).text).toContain(name);
      expect((await plain.get(path)).json()).toMatchObject({ name, sql, public: true });
      expectProblem(await plain.put(path, { sql }), 403);
      expectProblem(await plain.delete(path), 403);
      expectProblem(await staff.put(path, { sql: "DROP TABLE property" }), 422, "sql");
      expect((await staff.delete(path)).status).toBe(204);
      for (const missing of [path, `${path}/rows`]) expectProblem(await plain.get(missing), 404);
      expectProblem(await staff.delete(path), 404);
    });
  });

  describe("likes", () => {
    const likes = async (id: number) => (await plain.get(`/properties/${id}/likes`)).json().count;
    const liked = async (by: Client) => {
      const answer = await by.get("/properties/liked");
      expect(answer.status, answer.text).toBe(200);
      return answer.json<{ properties: Property[] }>().properties.map(({ id }) => id);
    };

    it("are given and taken back, however often, each account its own", async () => {
      const [a, b] = [await add(), await add()];
      for (const _ of [1, 2]) {
        const answer = await plain.put(`/properties/${a.id}/like`);
        expect([answer.status, answer.text]).toEqual([204, ""]);
      }
      await plain.put(`/properties/${b.id}/like`);
      await other.put(`/properties/${a.id}/like`);
      expect(await likes(a.id)).toBe(2);
      expect((await liked(plain)).slice(0, 2)).toEqual([b.id, a.id]);
      expect(await liked(other)).not.toContain(b.id);
      for (const _ of [1, 2]) expect((await plain.delete(`/properties/${a.id}/like`)).status).toBe(204);
      expect(await likes(a.id)).toBe(1);
      expect(await liked(plain)).not.toContain(a.id);
    });

    it("need an account and a property", async () => {
      const { id } = await add();
      expectProblem(await anyone.put(`/properties/${id}/like`), 401);
      expectProblem(await anyone.get("/properties/liked"), 401);
      expectProblem(await plain.put("/properties/999999999/like"), 404);
      expectProblem(await plain.get("/properties/999999999/likes"), 404);
      for (const path of ["/properties/liked", "/properties/most-liked", `/properties/${id}/likes`]) {
        expectProblem(await plain.with({ Accept: "text/csv" }).get(path), 406);
      }
      expectProblem(await staff.with({ Accept: "text/csv" }).get(`/properties/${id}/status`), 406);
    });

    it("are counted for the list of the most liked, and removable from what is not shown any more", async () => {
      const { id, city } = await add();
      await plain.put(`/properties/${id}/like`);
      await other.put(`/properties/${id}/like`);
      const answer = await plain.get("/properties/most-liked", { limit: 100 });
      expect(answer.status, answer.text).toBe(200);
      expect(answer.json().properties).toContainEqual(expect.objectContaining({ id, likes: 2, liked: true }));
      expect((await list({ city, fields: "likes,liked" })).properties).toEqual([{ likes: 2, liked: true }]);
      await staff.post(`/properties/${id}/status`, { status: "comprado" });
      expect((await plain.delete(`/properties/${id}/like`)).status).toBe(204);
      expectProblem(await plain.delete(`/properties/${id}/like`), 404);
    });
  });
}
