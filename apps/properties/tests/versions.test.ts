import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenListings, openListings } from "./open-listings.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const tagOf = async (path: string) => (await listings.get(path)).headers.get("etag") ?? "";
const unlessTag = (path: string, tag: string) => listings.get(path, { headers: { "If-None-Match": tag } });
const patch = (id: number, body: object, tag?: string) =>
  listings.call("PATCH", `/${id}`, {
    as: listings.staff,
    body,
    headers: tag === undefined ? {} : { "If-Match": tag },
  });
const setStatus = (id: number, status: string, tag?: string) =>
  listings.call("POST", `/${id}/status`, {
    as: listings.staff,
    body: { status },
    headers: tag === undefined ? {} : { "If-Match": tag },
  });

describe("entity tags", () => {
  test("a version that the client has is not sent again", async () => {
    const id = await listings.create({ city: "Etiqueta" });
    for (const path of [`/${id}`, "?city=etiqueta"]) {
      const tag = await tagOf(path);
      expect(tag).toMatch(/^"[\w-]{22}"$/);
      const same = await unlessTag(path, `"other", W/${tag}`);
      expect([same.status, same.body, same.headers.get("etag")]).toEqual([304, null, tag]);
      expect(same.headers.get("cache-control")).toBe("private, max-age=0, must-revalidate");
      expect((await unlessTag(path, '"other"')).status).toBe(200);
    }
    expect((await unlessTag("/999999", "*")).status).toBe(404);
  });

  test("every change is another version, whoever makes it, and no other property has it", async () => {
    const id = await listings.create();
    const tags = [await tagOf(`/${id}`), await tagOf(`/${await listings.create()}`)];
    await patch(id, { price: 1 }, "*");
    tags.push(await tagOf(`/${id}`));
    await setStatus(id, "vendido");
    tags.push(await tagOf(`/${id}`));
    await listings.deps.db.pool.query("UPDATE property SET description = 'De otro programa' WHERE id = ?", [id]);
    tags.push(await tagOf(`/${id}`));
    await listings.deps.db.pool.query(
      "INSERT INTO status_history (property_id, status_id, update_date) VALUES (?, 3, '2050-01-01')",
      [id],
    );
    tags.push(await tagOf(`/${id}`));
    expect(new Set(tags).size).toBe(tags.length);
    await patch(id, { price: 1 }, "*");
    expect(await tagOf(`/${id}`)).toBe(tags.at(-1));
  });
});

describe("changes of a version", () => {
  test("a change needs the current version, and returns the new one", async () => {
    const id = await listings.create();
    const tag = await tagOf(`/${id}`);
    const changed = await patch(id, { price: 2 }, tag);
    expect(changed.status).toBe(200);
    expect(changed.headers.get("etag")).toBe(await tagOf(`/${id}`));
    for (const other of [tag, `W/${changed.headers.get("etag")}`, '"x"', "x"]) {
      expect((await patch(id, { price: 3 }, other)).status).toBe(412);
    }
    expect((await patch(id, { price: 3 })).status).toBe(428);
    expect((await listings.get(`/${id}`)).body.price).toBe(2);
    expect((await patch(id, { price: 3 }, `"x", ${changed.headers.get("etag")}`)).status).toBe(200);
    expect((await patch(999_999, { price: 3 })).status).toBe(404);
    expect((await patch(id, { price: -3 }, tag)).status).toBe(422);
  });

  test("a status may be given to one version only", async () => {
    const id = await listings.create();
    const tag = await tagOf(`/${id}`);
    expect((await setStatus(id, "vendido", tag)).status).toBe(201);
    expect((await setStatus(id, "pre_venta", tag)).status).toBe(412);
    expect((await setStatus(id, "pre_venta")).status).toBe(201);
  });

  test("of twenty changes of one version at once, one is made", async () => {
    const id = await listings.create();
    const tag = await tagOf(`/${id}`);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => patch(id, { price: 1000 + i }, tag)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(412)]);
  });

  test("a change waits for a program that is writing the row, and then finds another version", async () => {
    const id = await listings.create();
    const tag = await tagOf(`/${id}`);
    const { pool } = listings.deps.db;
    const other = await pool.getConnection();
    await other.beginTransaction();
    await other.query("UPDATE property SET price = 77 WHERE id = ?", [id]);
    const changing = patch(id, { description: "Perdido" }, tag);
    await until(async () => {
      const [rows] = await pool.query(
        `SELECT COUNT(*) AS n FROM information_schema.processlist
         WHERE db = DATABASE() AND command = 'Execute' AND info LIKE '%FOR UPDATE%' AND id <> CONNECTION_ID()`,
      );
      return (rows as { n: number }[])[0]!.n;
    });
    await other.commit();
    other.release();
    expect((await changing).status).toBe(412);
    expect((await listings.get(`/${id}`)).body).toMatchObject({ price: 77, description: "Apartamento con balcón." });
  });
});
