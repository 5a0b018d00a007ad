import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { slowUpload } from "./slow-upload.ts";

let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchRows: 100, batchMs: 30 }));
  const schema = {
    fields: [
      { name: "id", type: "integer", constraints: { required: true } },
      { name: "Name", type: "string" },
      { name: "price", type: "number" },
      { name: "day", type: "date" },
      { name: "active", type: "boolean" },
      { name: "more", type: "json" },
    ],
    primaryKey: "id",
  };
  expect((await ingest.call("PUT", "/ingest/tables/items", { json: schema })).status).toBe(201);
});
afterAll(() => ingest[Symbol.asyncDispose]());

const ndjson = { "Content-Type": "application/x-ndjson" };
const load = (text: string, query = "", headers = {}) => ingest.load("items", text, query, { ...ndjson, ...headers });
const rejectsOf = async ({ rejectsUrl }: Load, query = "") => ingest.call("GET", `${rejectsUrl}${query}`);
const rowOf = async (id: number) => (await ingest.rows("SELECT * FROM items WHERE id = ?", [id]))[0];

describe("an NDJSON file", () => {
  it("is loaded by name, with exact numbers and nested values", async () => {
    const lines = [
      '\ufeff{"id": 1, "name": "Ada, \\"L\\"\\n", "price": 12345678901234567890.123, "day": "2021-02-03", "active": true}',
      '{"more":{"n":1.10,"list":[1,null]},"active":false,"price":"2.5","id":9007199254740993,"Name":""}\r',
      "",
      '{"id":3,"Name":null,"more":null}',
    ];
    const done = await load(lines.join("\n"));
    expect(done).toMatchObject({ format: "ndjson", dialect: null, received: 3, inserted: 3, rejected: 0 });
    expect(done.bytes).toBe(Buffer.byteLength(lines.join("\n")));
    const stored = await ingest.rows(
      "SELECT CAST(id AS CHAR) AS id, `Name`, CAST(price AS CHAR) AS price, active + 0 AS active, more FROM items ORDER BY items.id",
    );
    expect(stored).toMatchObject([
      { id: "1", Name: 'Ada, "L"\n', price: "12345678901234567890.123000000000", active: 1, more: null },
      { id: "3", Name: null, price: null, active: null, more: null },
      { id: "9007199254740993", Name: "", active: 0, more: '{"n":1.10,"list":[1,null]}' },
    ]);
  });

  it("has exact numbers in a table without nested values, too", async () => {
    const schema = { fields: [{ name: "id", type: "integer" }], primaryKey: "id" };
    expect((await ingest.call("PUT", "/ingest/tables/numbers", { json: schema })).status).toBe(201);
    expect(await ingest.load("numbers", '{"id":9007199254740993}\n', "", ndjson)).toMatchObject({ inserted: 1 });
    expect(await ingest.rows("SELECT CAST(id AS CHAR) AS id FROM numbers")).toEqual([{ id: "9007199254740993" }]);
  });

  it("lists each line that cannot be stored, with a code and its text", async () => {
    const wrong = ["[1]", "{", '{"id":"x"}', '{"id":21,"other":1}', '{"id":22,"ID":23}', '{"Name":"no id"}', "7"];
    const text = Buffer.concat([
      Buffer.from(`${wrong.join("\n")}\n{"id":24,"Name":"`),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"id":25,"Name":"\\u0000"}\n{"id":26,"price":true}\n{"id":27}\n'),
    ]);
    const done = (await (
      await ingest.call("POST", "/ingest/items/csv", { body: text, headers: ndjson })
    ).json()) as Load;
    expect(done).toMatchObject({ received: 11, inserted: 1, rejected: 10 });
    const response = await ingest.call("GET", done.rejectsUrl, { headers: { Accept: "application/json" } });
    const { rejects } = (await response.json()) as {
      rejects: { line: number; column: string; code: string; raw: string }[];
    };
    expect(rejects.map(({ line, column, code }) => [line, column, code])).toEqual([
      [1, null, "json"],
      [2, null, "json"],
      [3, "id", "type"],
      [4, "other", "columns"],
      [5, "id", "columns"],
      [6, "id", "required"],
      [7, null, "json"],
      [8, null, "encoding"],
      [9, "Name", "encoding"],
      [10, "price", "type"],
    ]);
    expect(rejects.slice(0, 7).map(({ raw }) => raw)).toEqual(wrong);
  });

  it("takes map, extra, dates in a format, and compression; refuses what only CSV has", async () => {
    const text = '{"Nr":31,"day":"05/04/2021","x":{}}\n{"Nr":32,"day":"-"}\n';
    const query = "?map=Nr:id&extra=ignore&dateFormat=DD/MM/YYYY&missing=-";
    const form = new FormData();
    form.set("file", new File([gzipSync(text) as Uint8Array<ArrayBuffer>], "items.jsonl.gz"));
    const response = await ingest.call("POST", `/ingest/items/csv${query}`, { body: form });
    expect(await response.json()).toMatchObject({ format: "ndjson", inserted: 2, rejected: 0 });
    expect(await ingest.rows("SELECT CAST(day AS CHAR) AS day FROM items WHERE id IN (31, 32) ORDER BY id")).toEqual([
      { day: "2021-04-05" },
      { day: null },
    ]);
    for (const [name, value] of Object.entries({ delimiter: ";", header: "false", decimal: "," })) {
      const sent = { body: '{"id":1}\n', headers: ndjson };
      const refused = await problemOf(await ingest.call("POST", `/ingest/items/csv?${name}=${value}`, sent), 422);
      expect(refused).toMatchObject({ errors: [{ path: name }] });
    }
    const asCsv = await ingest.call("POST", "/ingest/items/csv", {
      body: '{"id":1}\n',
      headers: { "Content-Type": "text/csv" },
    });
    expect((await problemOf(asCsv, 422)).detail).toMatch(/application\/x-ndjson/);
  });

  it("gives its rejected lines back, which are loaded once mended", async () => {
    const done = await load('{"id":41,"price":"a"}\nnone\n{}\n');
    const response = await rejectsOf(done, "?format=file");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const file = await response.text();
    expect(file).toBe(
      '{"_line":1,"_column":"price","_reason":"must be a number like -12.5","id":41,"price":"a"}\n' +
        '{"_line":2,"_column":"","_reason":"is no JSON object","_raw":"none"}\n' +
        '{"_line":3,"_column":"id","_reason":"is required"}\n',
    );
    const send = (body: string) => ingest.call("POST", `/ingest/loads/${done.id}/retry`, { body, headers: ndjson });
    const again = (await (await send(file)).json()) as Load;
    expect(again).toMatchObject({ received: 3, inserted: 0, rejected: 3 });
    expect(await (await rejectsOf(again, "?format=file")).text()).toMatch(
      /^\{"_line":1,"_column":"price","_reason":"must be a number like -12.5","id":41,"price":"a"\}\n/,
    );
    expect(await (await send(file.replace('"a"', "4.5"))).json()).toMatchObject({ inserted: 1, rejected: 2 });
    expect(await rowOf(41)).toBeDefined();
  });

  it("is resumed where it was cut off", async () => {
    const line = (id: number) => (id === 1100 ? "wrong\n" : `{"id":${id},"Name":"Item ${id}"}\n`);
    const text = Array.from({ length: 500 }, (_, index) => line(1000 + index)).join("");
    const keyed = { "Idempotency-Key": "cut" };
    const headers = { Authorization: ingest.people.staff.bearer, ...ndjson, ...keyed };
    const first = slowUpload(`${origin}/ingest/items/csv`, headers);
    await first.send(text.slice(0, 9000));
    const newest = async (status: Load["status"]) =>
      vi.waitFor(async () => {
        const { loads } = (await (await ingest.call("GET", "/ingest/loads")).json()) as { loads: Load[] };
        expect(loads[0]).toMatchObject({ status });
        expect(loads[0]!.inserted).toBeGreaterThan(100);
        return loads[0]!;
      }, 10_000);
    await newest("running");
    first.cut();
    const cut = await newest("cut off");
    expect(cut.received).toBeLessThan(500);
    const done = await load(text, "", keyed);
    expect(done).toMatchObject({ id: cut.id, received: 500, inserted: 499, rejected: 1, bytes: text.length });
    expect(await (await rejectsOf(done)).text()).toContain("\r\n101,,is no JSON object,wrong\r\n");
  });
});
