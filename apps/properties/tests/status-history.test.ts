import { inMysqlTransaction } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rebuildListings } from "../src/demo/bulk-queries.ts";
import { allStatuses, visibleStatuses } from "../src/properties/statuses.ts";
import { anyVersion, type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const post = (id: number | string, body: unknown, options = {}) =>
  listings.call("POST", `/${id}/status`, { as: listings.staff, body, ...options });
const statusOf = async (id: number) => (await listings.get(`/${id}`, { as: listings.staff })).body.status;
const historyOf = async (id: number) => {
  const { body } = await listings.get(`/${id}/status?limit=100`, { as: listings.staff });
  return body.history;
};

describe("appending", () => {
  test("makes the status the latest one", async () => {
    const id = await listings.create({ status: "pre_venta" });
    const { status, headers, body } = await post(id, { status: "en_venta" });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/properties/${id}/status`);
    expect(Object.keys(body)).toEqual(["id", "status", "updateDate"]);
    expect(await statusOf(id)).toBe("en_venta");
    expect((await historyOf(id)).map((row) => row.status)).toEqual(["en_venta", "pre_venta"]);
  });

  test("hides and shows a property", async () => {
    const id = await listings.create({ city: "Leticia" });
    expect((await listings.get("?city=leticia")).body.properties).toHaveLength(1);
    await post(id, { status: "comprado" });
    expect((await listings.get("?city=leticia")).status).toBe(404);
    expect((await listings.get(`/${id}`)).status).toBe(404);
    await post(id, { status: "vendido" });
    expect((await listings.get("?city=leticia&status=vendido")).body.properties.map((p) => p.id)).toEqual([id]);
    expect((await listings.get("?city=leticia&status=en_venta")).status).toBe(404);
  });

  test("with an earlier date changes the history alone", async () => {
    const id = await listings.create({ status: "vendido" });
    const { body } = await post(id, { status: "comprando", updateDate: "2020-01-02T03:04:05.678-05:00" });
    expect(body.updateDate).toBe("2020-01-02T08:04:05.678Z");
    await post(id, { status: "comprado", updateDate: "2021-01-01T00:00:00Z" });
    expect(await statusOf(id)).toBe("vendido");
    expect((await historyOf(id)).map((row) => row.status)).toEqual(["vendido", "comprado", "comprando"]);
  });

  test("with the date of the latest row comes after it", async () => {
    const id = await listings.create();
    const { body } = await post(id, { status: "vendido" });
    await post(id, { status: "pre_venta", updateDate: body.updateDate });
    expect(await statusOf(id)).toBe("pre_venta");
  });

  test("now is later than a row that lies in the future", async () => {
    const id = await listings.create({ status: "pre_venta" });
    const { db } = listings.deps;
    await db.pool.query("UPDATE status_history SET update_date = '2090-01-01' WHERE property_id = ?", [id]);
    await inMysqlTransaction(db.pool, (on) => rebuildListings(db, on));
    await post(id, { status: "vendido" });
    expect(await statusOf(id)).toBe("vendido");
  });

  test("needs staff, then a right body, then a property", async () => {
    const id = await listings.create();
    expect((await post(id, {}, { as: null })).status).toBe(401);
    expect((await post(id, {}, { as: listings.plain })).status).toBe(403);
    expect((await post(999_999, {})).status).toBe(422);
    expect((await post(999_999, { status: "vendido" })).status).toBe(404);
    expect((await post("99999999999999999999", { status: "vendido" })).status).toBe(404);
    expect((await post("x", { status: "vendido" })).status).toBe(400);
  });

  test.each([
    [{ status: "regalado" }, "status"],
    [{ status: "vendido", note: "x" }, "note"],
    [{ status: "vendido", updateDate: "yesterday" }, "updateDate"],
    [{ status: "vendido", updateDate: "2020-01-01T00:00:00" }, "updateDate"],
    [{ status: "vendido", updateDate: "1066-10-14T00:00:00Z" }, "updateDate"],
    [{ status: "vendido", updateDate: "2090-01-01T00:00:00Z" }, "updateDate"],
    [{ status: ["vendido"] }, "status"],
  ])("%j is refused", async (body, path) => {
    const id = await listings.create();
    const answer = await post(id, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((fault) => fault.path)).toEqual([path]);
    expect(await historyOf(id)).toHaveLength(1);
  });

  test("is done once for one Idempotency-Key", async () => {
    const id = await listings.create();
    const headers = { "Idempotency-Key": "sold" };
    const [first] = [await post(id, { status: "vendido" }, { headers })];
    expect((await post(id, { status: "vendido" }, { headers })).body).toEqual(first.body);
    expect(await historyOf(id)).toHaveLength(2);
  });
});

describe("at once", () => {
  /** The statement that the listings' copy must always agree with. */
  const latestByHistory = async (id: number) => {
    const text = `SELECT h.id, s.name AS status FROM status_history h JOIN status s ON s.id = h.status_id
      WHERE h.property_id = :id ORDER BY h.update_date DESC, h.id DESC LIMIT 1`;
    return (await readRows<{ id: number; status: string }>(listings.deps.db.pool, text, { id }))[0]!;
  };

  test("fifty statuses of one property leave the latest one", async () => {
    const id = await listings.create();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => post(id, { status: allStatuses[i % allStatuses.length] })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(await historyOf(id)).toHaveLength(51);
    const latest = await latestByHistory(id);
    expect(await statusOf(id)).toBe(latest.status);
    expect(latest.id).toBe(Math.max(...answers.map(({ body }) => body.id)));
  });

  test("fifty statuses with dates in any order leave the latest one", async () => {
    const id = await listings.create({ status: "comprando" });
    const { db } = listings.deps;
    await db.pool.query("UPDATE status_history SET update_date = '2000-01-01' WHERE property_id = ?", [id]);
    await db.pool.query("UPDATE listing SET status_date = '2000-01-01' WHERE property_id = ?", [id]);
    const minutes = Array.from({ length: 50 }, (_, i) => (i * 37) % 50);
    await Promise.all(
      minutes.map((minute) => {
        const updateDate = new Date(Date.UTC(2021, 0, 1, 0, minute)).toISOString();
        return post(id, { status: minute === 49 ? "vendido" : "en_venta", updateDate });
      }),
    );
    expect(await statusOf(id)).toBe("vendido");
    expect(await statusOf(id)).toBe((await latestByHistory(id)).status);
  });

  test("writers of several properties, of fields and of statuses, do not block each other for good", async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => listings.create()));
    const writes = Array.from({ length: 60 }, (_, i) => {
      const id = ids[i % ids.length]!;
      if (i % 3 === 0)
        return listings.call("PATCH", `/${id}`, { headers: anyVersion, as: listings.staff, body: { price: i } });
      if (i % 3 === 1) return listings.call("PUT", `/${id}/like`);
      return post(id, { status: visibleStatuses[i % visibleStatuses.length] });
    });
    const answers = await Promise.all(writes);
    expect(answers.map(({ status }) => status).filter((status) => ![200, 201, 204].includes(status))).toEqual([]);
    for (const id of ids) expect(await statusOf(id)).toBe((await latestByHistory(id)).status);
  });
});

describe("the history", () => {
  test("comes in pages, latest first", async () => {
    const id = await listings.create();
    for (let i = 0; i < 4; i++) await post(id, { status: allStatuses[i] });
    const whole = await historyOf(id);
    const first = await listings.get(`/${id}/status?limit=3`, { as: listings.staff });
    const rest = await listings.get(`/${id}/status?limit=3&cursor=${first.body.nextCursor}`, { as: listings.staff });
    expect([...first.body.history, ...rest.body.history]).toEqual(whole);
    expect(rest.body.nextCursor).toBeNull();
    const other = await listings.create();
    const foreign = await listings.get(`/${other}/status?cursor=${first.body.nextCursor}`, { as: listings.staff });
    expect(foreign.status).toBe(400);
  });

  test("is for staff, and for properties that exist", async () => {
    const id = await listings.create();
    expect((await listings.get(`/${id}/status`, { as: null })).status).toBe(401);
    expect((await listings.get(`/${id}/status`)).status).toBe(403);
    expect((await listings.get("/999999/status", { as: listings.staff })).status).toBe(404);
    expect((await listings.get(`/${id}/status?page=2`, { as: listings.staff })).status).toBe(400);
  });
});

test("rebuilding from the history changes nothing that is right, and mends what is not", async () => {
  const { db } = listings.deps;
  await db.fresh();
  const all = () => readRows(db.pool, "SELECT * FROM listing ORDER BY property_id", {});
  const right = await all();
  await inMysqlTransaction(db.pool, (on) => rebuildListings(db, on));
  expect(await all()).toEqual(right);
  await db.pool.query("UPDATE listing SET status_id = 1, price = 1, city = 'x', history_id = 1");
  await inMysqlTransaction(db.pool, (on) => rebuildListings(db, on));
  expect(await all()).toEqual(right);
});
