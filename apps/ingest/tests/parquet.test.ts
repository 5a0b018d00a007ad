import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { openS3 } from "../src/s3.ts";
import { Expansion } from "../src/upload/expansion.ts";
import { parquetAsCsv } from "../src/upload/parquet/parquet-csv.ts";
import { spool } from "../src/upload/spool.ts";
import { listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { openTestS3 } from "./s3-server.ts";
import { sendByTus } from "./send-by-tus.ts";

// The files in `parquet/` were written by DuckDB 1.5 and by pyarrow 25: `duckdb*` have one column of each type, `pyarrow*` 60 random
// rows of each type, of which `pyarrow-delta` has the delta encodings in the second version of pages; `int96` is as Impala writes times.
const fixture = (name: string) => readFile(new URL(`parquet/${name}.parquet`, import.meta.url));

let ingest: TestIngest;
let origin: string;
let every: Buffer;
beforeAll(async () => {
  ({ ingest, origin } = await listen({}));
  every = await fixture("duckdb");
});
afterAll(() => ingest[Symbol.asyncDispose]());

const parquet = { "Content-Type": "application/vnd.apache.parquet" };
const post = (path: string, body: Buffer, headers: Record<string, string> = {}) =>
  ingest.call("POST", `/ingest/${path}`, { body, headers: { ...parquet, ...headers } });

/** The CSV that a file becomes. */
async function csvOf(file: Buffer): Promise<string> {
  await using spooled = await spool([file].values() as never);
  const { bytes } = await parquetAsCsv(spooled, new Expansion());
  const parts: Buffer[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe("a Parquet file", () => {
  it("tells the types of its columns, and is loaded exactly", async () => {
    const inferred = (await (await post("infer", every)).json()) as {
      columns: Record<string, string>[];
      schema: { fields: { name: string }[] };
      sample: string[][];
    };
    expect(inferred).toMatchObject({
      dialect: { missing: [""] },
      doubts: [expect.stringContaining("big")],
      map: null,
      rows: 3,
    });
    const types = Object.fromEntries(inferred.columns.map(({ name, type }) => [name, type]));
    expect(types).toEqual({
      ...{ id: "integer", name: "string", price: "number", active: "boolean", day: "date", at: "datetime" },
      ...{
        local: "datetime",
        clock: "time",
        code: "uuid",
        data: "json",
        small: "number",
        big: "number",
        count: "integer",
      },
    });
    expect(inferred.sample[2]).toEqual(["3", "NULL", ...Array(11).fill("")]);
    const fields = inferred.schema.fields.filter(({ name }) => name !== "big");
    expect(fields).toContainEqual({ name: "price", type: "number", precision: 38, scale: 12 });
    expect(fields).toContainEqual({ name: "local", type: "datetime", zoned: false });
    // What is no value in text files of the table is a text here, and its words for booleans are not those of the file.
    const json = {
      ...{ fields, primaryKey: "id", missingValues: ["", "NULL"] },
      dialect: { missing: ["NULL"], trueValues: ["ja"], falseValues: ["nein"], decimal: ",", dateFormat: "%d/%m/%Y" },
    };
    expect((await ingest.call("PUT", "/ingest/tables/every", { json })).status).toBe(201);
    const stored = () =>
      ingest.rows(
        "SELECT CAST(id AS CHAR) AS id, name, CAST(price AS CHAR) AS price, active + 0 AS active, CAST(day AS CHAR) AS day, CAST(at AS CHAR) AS at, CAST(`local` AS CHAR) AS `local`, CAST(clock AS CHAR) AS clock, data, CAST(small AS CHAR) AS small, CAST(count AS CHAR) AS count FROM every ORDER BY `every`.id",
      );
    const expected = [
      {
        ...{ id: "-9223372036854775808", name: "", price: "-0.000000000001", active: 0, day: "1000-01-01" },
        ...{ at: "1969-12-31 23:59:59.999999", local: "1000-01-01 00:00:00.000000", clock: "00:00:00.000000" },
        ...{ data: "null", small: "-1.500000000000", count: "0" },
      },
      {
        ...{ id: "3", name: "NULL", price: null, active: null, day: null, at: null, local: null, clock: null },
        ...{ data: null, small: null, count: null },
      },
      {
        ...{ id: "9223372036854775807", name: 'Ana, "Bo" ü', price: "12345678901234567890.123456789012", active: 1 },
        ...{ day: "2021-11-07", at: "2021-11-07 07:48:42.123456", local: "1999-12-31 23:59:59.500000" },
        ...{ clock: "02:48:42.000001", data: '{"a":[1,2]}', small: "0.100000000000", count: "4294967295" },
      },
    ];
    const load = await (await post("every/csv?extra=ignore", every, { "Idempotency-Key": "every" })).json();
    expect(load).toMatchObject({ format: "parquet", status: "done", received: 3, inserted: 3, rejected: 0 });
    expect(await stored()).toEqual(expected);
    const again = await post("every/csv?extra=ignore", every, { "Idempotency-Key": "every" });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    // The second version of pages, other encodings, Zstandard.
    const replaced = await post("every/csv?extra=ignore&mode=replace", await fixture("duckdb-v2"));
    expect(await replaced.json()).toMatchObject({ received: 3, rejected: 0 });
    expect(await stored()).toEqual(expected);
  });

  it("comes as a part of a form, compressed, by tus, and from S3", async () => {
    const form = new FormData();
    form.append("file", new File([new Uint8Array(every)], "every.parquet"));
    const query = "every/csv?extra=ignore&mode=upsert&dryRun=true";
    const sent = [
      ingest.call("POST", `/ingest/${query}`, { body: form }),
      post(query, gzipSync(every), { "Content-Type": "application/gzip" }),
      post(query, gzipSync(every), { "Content-Encoding": "gzip" }),
      post(query, every, { "Content-Type": "application/octet-stream" }),
    ];
    for (const response of sent)
      expect(await (await response).json()).toMatchObject({ format: "parquet", received: 3 });
    const url = await sendByTus(origin, every, ingest.people.staff.bearer);
    const byTus = await ingest.call("POST", `/ingest/${query}&upload=${url.slice(-32)}`);
    expect(await byTus.json()).toMatchObject({ format: "parquet", received: 3 });
    await using server = await openTestS3();
    const s3 = openS3(server.env as { S3_REGION: string } & typeof server.env)!;
    await s3.write("data", "every.parquet", [every].values() as never);
    Object.assign(ingest.deps, { s3 });
    const byUrl = await ingest.call("POST", `/ingest/${query}`, { json: { url: "s3://data/every.parquet" } });
    expect(await byUrl.json()).toMatchObject({ format: "parquet", received: 3 });
    await s3.close();
    Object.assign(ingest.deps, { s3: undefined });
  });

  it("has the same values in every encoding", async () => {
    const [plain, delta] = await Promise.all(
      ["pyarrow", "pyarrow-delta"].map(async (name) => csvOf(await fixture(name))),
    );
    expect(plain!.split("\r\n").length).toBeGreaterThan(60);
    expect(delta).toBe(plain);
    expect(await csvOf(await fixture("int96"))).toMatch(
      /\r\n1,2021-11-07T02:48:42.123456\r\n2,1969-12-31T23:59:59\r\n$/,
    );
  });

  it("has its columns by name or by position, and its rejected rows as a file that can be mended", async () => {
    const jobs = await fixture("jobs");
    const fields = [{ name: "nr", type: "integer", constraints: { maximum: 1999 } }, { name: "title" }];
    const json = { fields, primaryKey: "nr" };
    expect((await ingest.call("PUT", "/ingest/tables/titles", { json })).status).toBe(201);
    const unfit = await problemOf(await post("titles/csv", jobs), 422);
    expect(unfit.detail).toMatch(/columns of the file do not fit, .*id is not a column.*nr is missing.*map=/);
    const byPosition = await (await post("titles/csv?header=false&dryRun=true", jobs)).json();
    expect(byPosition).toMatchObject({ received: 2000, rejected: 1 });
    const named = (await (await post("titles/csv?map=id:nr,job:title", jobs)).json()) as Load;
    expect(named).toMatchObject({ received: 2000, inserted: 1999, rejected: 1 });
    const file = await (await ingest.call("GET", `${named.rejectsUrl}?format=file`)).text();
    expect(file).toMatch(/^_line,_column,_reason,id,job\r\n2001,nr,[^\n]*,2000,Job 59\r\n$/);
    const body = file.replace(",2000,", ",0,");
    const headers = { "Content-Type": "text/csv" };
    const retried = await ingest.call("POST", `/ingest/loads/${named.id}/retry`, { body, headers });
    expect(await retried.json()).toMatchObject({ inserted: 1, rejected: 0, retryOf: named.id });
  });

  it("is refused in a sentence when it is nested, of another kind, or damaged", async () => {
    expect((await problemOf(await post("every/csv", await fixture("nested")), 422)).detail).toMatch(
      /tags .* is nested/,
    );
    const interval = await problemOf(await post("every/csv", await fixture("interval")), 422);
    expect(interval.detail).toMatch(/span .* has the type INTERVAL/);
    const encrypted = Buffer.concat([every.subarray(0, -4), Buffer.from("PARE")]);
    expect((await problemOf(await post("every/csv", encrypted), 422)).detail).toMatch(/encrypted/);
    for (const end of [4, 8, 100, every.length - 1]) {
      const cut = await problemOf(await post("every/csv", every.subarray(0, end)), 400);
      expect(cut.detail).toMatch(/no.* valid Parquet file: it is damaged/);
    }
    await problemOf(await post("infer", every.subarray(0, 500)), 400);
  });

  it("is never more than damaged, whatever its bytes", async () => {
    // A step through the file changes some of its bytes, one at a time.
    for (const name of ["duckdb-v2", "pyarrow-delta"]) {
      const whole = await fixture(name);
      for (let at = 4; at < whole.length; at += Math.ceil(whole.length / 40)) {
        for (const byte of [0xff, whole[at]! ^ 0x10]) {
          const damaged = Buffer.from(whole);
          damaged[at] = byte;
          const status = await csvOf(damaged).then(
            () => 200,
            (error) => error.status ?? error,
          );
          expect([200, 400, 413, 422], `${name} at ${at}: ${byte}`).toContain(status);
        }
      }
    }
  });
});
