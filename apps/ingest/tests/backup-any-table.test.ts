import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { crc32, zstdCompressSync } from "node:zlib";
import { findTool, type ToolName } from "@quintet/stores/testing";
import avsc from "avsc";
import { compress } from "snappyjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backup } from "../src/backups/backup.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

const run = promisify(execFile);
let ingest: TestIngest;
let folder: string;
beforeAll(async () => {
  ingest = await openIngest();
  folder = await mkdtemp(join(tmpdir(), "quintet-avro-"));
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A table with a key of two columns and a value of every type, and one that it refers to by two columns. */
async function makeTables(): Promise<void> {
  const required = { required: true };
  await define("places", {
    fields: [
      { name: "land", type: "string", constraints: { maxLength: 20 } },
      { name: "nr", type: "integer" },
    ],
    primaryKey: ["land", "nr"],
  });
  await define("visits", {
    fields: [
      { name: "code", type: "string", constraints: { maxLength: 40 } },
      { name: "Año de ingreso", type: "integer" },
      { name: "amount", type: "number", precision: 20, scale: 4 },
      { name: "huge", type: "integer" },
      { name: "constructor", type: "string" },
      { name: "paid", type: "boolean", constraints: required },
      { name: "day", type: "date" },
      { name: "hour", type: "time" },
      { name: "moment", type: "datetime" },
      { name: "local", type: "datetime", zoned: false, precision: 3 },
      { name: "token", type: "uuid", constraints: { unique: true } },
      { name: "notes", type: "json" },
      { name: "land", type: "string", constraints: { maxLength: 20 } },
      { name: "nr", type: "integer" },
    ],
    primaryKey: ["code", "Año de ingreso"],
    foreignKeys: [{ fields: ["land", "nr"], reference: { resource: "places", fields: ["land", "nr"] } }],
  });
}

async function define(name: string, schema: object): Promise<void> {
  const response = await ingest.call("PUT", `/ingest/tables/${name}`, { json: schema });
  expect([response.status, await response.text()]).toEqual([201, expect.anything()]);
}

async function fill(table: string, rows: unknown[][]): Promise<void> {
  for (let at = 0; at < rows.length; at += 1000) {
    const response = await ingest.call("POST", `/ingest/${table}/rows`, { json: { rows: rows.slice(at, at + 1000) } });
    expect(await response.json()).toMatchObject({ rejects: [] });
  }
}

/** Keys whose order depends on the collation, and values at the limits of their types. */
function visits(): unknown[][] {
  const codes = ["a", "a!", "a\t", "A", "ä", "Z", "z z", "😀", "\ue000", "ﬀ", "", "0", "\\N", "a\\", "-1", "~"];
  const limits: unknown[][] = [
    ["9223372036854775807", "1234567890123456.7891", "9999-12-31", "23:59:59.999999", "9999-12-31T23:59:59.999999Z"],
    ["-9223372036854775808", "-1234567890123456.7891", "1000-01-01", "00:00:00", "1000-01-01T00:00:00.000001Z"],
    ["9007199254740993", "-0.0001", "1970-01-01", "12:00:00.5", "1969-12-31T23:59:59.999999Z"],
    [null, null, null, null, null],
  ];
  const others = Array.from({ length: 5000 }, (_, index) => `row ${(index * 7919) % 5000}`);
  return [...codes.filter((code) => code !== ""), ...others].flatMap((code, index) =>
    (index < 40 ? [-5, 0, 2021] : [index]).map((year, second) => {
      const [huge, amount, day, hour, moment] = limits[(index + second) % limits.length]!;
      const number = String(index * 3 + second).padStart(12, "0");
      const rest = index % 5 === 0 ? [null, null, null] : [`123e4567-e89b-12d3-a456-${number}`, { n: index }, "Perú"];
      const local = index % 3 === 0 ? null : "2021-03-28T02:30:00.123";
      const text = index % 2 === 0 ? `line\n"${code}"\t\\ 🦤` : null;
      return [code, year, amount, huge, text, index % 2 === 1, day, hour, moment, local, ...rest, index % 7];
    }),
  );
}

const order = "ORDER BY code, `Año de ingreso`";
const all = (table = "visits") => ingest.rows(`SELECT * FROM ${table} ${table === "visits" ? order : ""}`);

async function backUp(table: string): Promise<Backup> {
  const response = await ingest.call("POST", `/ingest/${table}/backups`);
  expect(response.status).toBe(201);
  return (await response.json()) as Backup;
}

/** Runs a script in the Python that has Debian's `avro`; the file is its first argument. */
async function python(script: string, ...files: string[]): Promise<string> {
  const [first = ""] = (await readFile(await tool("avro"), "utf8")).split("\n");
  return (await run(first.slice(2).trim(), ["-W", "ignore", "-c", script, ...files], { maxBuffer: 2 ** 26 })).stdout;
}

const tool = (name: ToolName) => findTool(name, process.env, console.log);

describe("a table of one's own", () => {
  let backup: Backup;
  let before: Record<string, unknown>[];
  beforeAll(async () => {
    await makeTables();
    await fill(
      "places",
      Array.from({ length: 7 }, (_, nr) => ["Perú", nr]),
    );
    await fill("visits", visits());
    before = await all();
    backup = await backUp("visits");
  }, 60_000);

  it("is restored from its backup, whatever its columns and keys are", async () => {
    expect(backup.rows).toBe(before.length);
    await ingest.rows("DELETE FROM visits WHERE `Año de ingreso` % 3 = 0");
    await ingest.rows("UPDATE visits SET amount = 1, token = NULL, day = NULL WHERE `Año de ingreso` % 5 = 0");
    await ingest.rows("UPDATE visits SET code = CONCAT(code, '+'), token = NULL WHERE `Año de ingreso` % 7 = 1");
    const response = await ingest.call("POST", "/ingest/visits/restore");
    expect([response.status, await response.json()]).toEqual([
      200,
      { table: "visits", backup: backup.name, rows: before.length },
    ]);
    expect(await all()).toEqual(before);
    await ingest.rows("DELETE FROM visits");
    expect((await ingest.call("POST", "/ingest/visits/restore")).status).toBe(200);
    expect(await all()).toEqual(before);
    expect((await backUp("visits")).bytes).toBe(backup.bytes);
  });

  it("gets unique values that other rows have had", async () => {
    const [one, two] = await ingest.rows(
      `SELECT code, token FROM visits WHERE token IS NOT NULL ${order} DESC LIMIT 2`,
    );
    await ingest.rows("UPDATE visits SET token = NULL WHERE token = ?", [two?.token]);
    await ingest.rows("UPDATE visits SET token = ? WHERE token = ?", [two?.token, one?.token]);
    expect((await ingest.call("POST", "/ingest/visits/restore")).status).toBe(200);
    expect(await all()).toEqual(before);
  });

  it("is not restored when references by several columns would break", async () => {
    await ingest.rows("DELETE FROM visits");
    await ingest.rows("DELETE FROM places WHERE nr = 3");
    const broken = before.filter(({ nr, land }) => nr === 3 && land !== null).length;
    const { errors } = await problemOf(await ingest.call("POST", "/ingest/visits/restore"), 409);
    expect(errors).toEqual([{ path: "visits.land,nr", message: `${broken} rows would refer to no row of places` }]);
    expect(await all()).toEqual([]);
    await fill("places", [["Perú", 3]]);
    expect((await ingest.call("POST", "/ingest/visits/restore")).status).toBe(200);
    const places = await backUp("places");
    await fill("places", [["Perú", 8]]);
    await ingest.rows("UPDATE visits SET nr = 8 WHERE land IS NOT NULL AND code = 'ä'");
    const lost = await ingest.call("POST", "/ingest/places/restore", { json: { name: places.name } });
    expect((await problemOf(lost, 409)).errors).toEqual([
      { path: "visits.land,nr", message: expect.stringMatching(/^\d rows would refer to no row of places$/) },
    ]);
    expect(await all("places")).toHaveLength(8);
    expect((await ingest.call("POST", "/ingest/visits/restore", { json: { name: backup.name } })).status).toBe(200);
  });

  it("has a backup that Debian's avro for Python reads, with the values of the table", async () => {
    const script = `
import sys, json, avro.datafile, avro.io
reader = avro.datafile.DataFileReader(open(sys.argv[1], "rb"), avro.io.DatumReader())
print(json.dumps([{k: v if v is None or isinstance(v, (bool, int, str)) else str(v) for k, v in row.items()} for row in reader]))`;
    const rows = JSON.parse(await python(script, join(ingest.backupDir, backup.name))) as Record<string, unknown>[];
    const stored = await ingest.rows(`SELECT code, \`Año de ingreso\` AS year, CAST(amount AS CHAR) AS amount, paid,
      CAST(day AS CHAR) AS day, CAST(hour AS CHAR) AS hour, CAST(moment AS CHAR) AS moment, notes, token FROM visits ${order}`);
    const [withZone, withFraction] = [/\+00:00$/, /\.?0+$/];
    expect(
      rows.map(({ code, A_o_de_ingreso: year, paid, token, notes, ...row }) => [
        ...[code, year, paid, token, notes, row.day],
        ...[
          row.amount === null ? null : Number(row.amount),
          row.moment?.toString().replace(withZone, "").replace(withFraction, ""),
        ],
      ]),
    ).toEqual(
      stored.map(({ code, year, paid, token, notes, ...row }) => [
        ...[code, year, paid === 1, token, notes, row.day],
        ...[row.amount === null ? null : Number(row.amount), row.moment?.toString().replace(withFraction, "")],
      ]),
    );
  });

  it("has a backup that avrocat reads", async () => {
    const file = join(ingest.backupDir, backup.name);
    const { stdout } = await run(await tool("avrocat"), [file], { maxBuffer: 2 ** 26 });
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(before.length);
    const codes = lines.map((line) => (JSON.parse(line) as { code: string }).code);
    expect(codes).toEqual(before.map(({ code }) => code));
  });

  it("tells what a restore would change, and changes nothing", async () => {
    await ingest.rows(`DELETE FROM visits ${order} LIMIT 7`);
    await ingest.rows("UPDATE visits SET amount = -1 WHERE `Año de ingreso` = 2021");
    await fill("visits", [["new", 1, null, null, null, true, null, null, null, null, null, null, null, null]]);
    const now = await all();
    const changed = now.filter((row) => row["Año de ingreso"] === 2021).length;
    const json = { name: backup.name, dryRun: true };
    const headers = { "Idempotency-Key": "dry" };
    for (let time = 0; time < 2; time++) {
      const response = await ingest.call("POST", "/ingest/visits/restore", { json, headers });
      expect(await response.json()).toEqual({
        ...{ table: "visits", backup: backup.name, rows: before.length },
        ...{ dryRun: true, added: 7, removed: 1, changed },
      });
      expect(await all()).toEqual(now);
    }
    const { name } = backup;
    expect((await ingest.call("POST", "/ingest/visits/restore", { json: { name, dryRun: false } })).status).toBe(200);
    expect(await all()).toEqual(before);
  });

  it("has a backup that is verified in a scratch table", async () => {
    const path = `/ingest/backups/${backup.name}`;
    await problemOf(await ingest.call("POST", `${path}/verify`, { by: ingest.people.plain.bearer }), 403);
    await problemOf(await ingest.call("POST", "/ingest/backups/x/verify"), 404);
    await ingest.rows(`DELETE FROM visits ${order} LIMIT 1`);
    const verified = (await (await ingest.call("POST", `${path}/verify`)).json()) as Backup;
    expect(verified).toEqual({
      ...{ name: backup.name, rows: backup.rows, sha256: backup.sha256, lastVerifiedAt: expect.any(String) },
    });
    const { backups } = (await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] };
    const { lastVerifiedAt } = verified;
    expect(backups.find(({ name }) => name === backup.name)).toEqual({ ...backup, lastVerifiedAt });
    expect(await ingest.rows("SHOW TABLES LIKE 'ingest_scratch%'")).toEqual([]);
    const file = join(ingest.backupDir, backup.name);
    const bytes = await readFile(file);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length >> 1]! ^= 1;
    await writeFile(file, damaged);
    await problemOf(await ingest.call("POST", `${path}/verify`), 409);
    await writeFile(file, bytes);
  });
});

describe("a file made elsewhere", () => {
  const upload = (body: Buffer, headers: Record<string, string> = {}, table = "places") =>
    ingest.call("POST", `/ingest/${table}/backups`, {
      body,
      headers: { "Content-Type": "application/avro", ...headers },
    });
  /** An Avro file by another library. */
  const made = async (fields: object[], rows: object[], options: object = {}): Promise<Buffer> => {
    const schema = { type: "record", name: "Place", namespace: "org.example", fields } as avsc.Schema;
    const encoder = new avsc.streams.BlockEncoder(schema, { writeHeader: "always", ...options } as object);
    for (const row of rows) encoder.write(row);
    encoder.end();
    return buffer(encoder);
  };
  const land = { name: "land", type: "string" };
  const nr = { name: "nr", type: "int" };
  const faultOf = async (response: Response) => (await problemOf(response, 422)).errors?.[0]?.message;

  it("of Debian's avro for Python becomes a backup and is restored", async () => {
    const file = join(folder, "visits.avro");
    const script = `
import sys, json, datetime, decimal, avro.schema, avro.datafile, avro.io
fields = [
    {"name": "more", "type": {"type": "map", "values": ["null", "double"]}},
    {"name": "moment", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
    {"name": "amount", "type": [{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, "null"]},
    {"name": "A_o_de_ingreso", "type": "int"},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
    {"name": "code", "type": "string"},
    {"name": "paid", "type": "boolean"},
    {"name": "token", "type": ["null", "string"]},
]
schema = avro.schema.parse(json.dumps({"type": "record", "name": "Visit", "fields": fields}))
writer = avro.datafile.DataFileWriter(open(sys.argv[1], "wb"), avro.io.DatumWriter(), schema, codec="deflate")
for i in range(3000, 0, -1):
    writer.append({
        "more": {"a": None, "b": 1.5}, "code": "py %d" % i, "paid": i % 2 == 0, "A_o_de_ingreso": -i, "day": datetime.date(2021, 2, 28),
        "moment": datetime.datetime(2021, 11, 7, 2, 48, 42, 123000, tzinfo=datetime.timezone.utc) if i % 2 else None,
        "amount": decimal.Decimal("-12.50") if i % 3 else None, "token": "123E4567-E89B-12D3-A456-%012d" % i,
    })
writer.close()`;
    await python(script, file);
    const response = await upload(await readFile(file), {}, "visits");
    expect([response.status, await response.json()]).toEqual([
      201,
      expect.objectContaining({ table: "visits", rows: 3000, verified: true }),
    ]);
    expect((await ingest.call("POST", "/ingest/visits/restore")).status).toBe(200);
    const [first] = await ingest.rows("SELECT *, CAST(moment AS CHAR) AS moment FROM visits WHERE code = 'py 7'");
    expect(first).toMatchObject({
      ...{ "Año de ingreso": -7, amount: -12.5, paid: 0, moment: "2021-11-07 02:48:42.123000", huge: null },
      token: "123e4567-e89b-12d3-a456-000000000007",
    });
    expect(await ingest.rows("SELECT COUNT(*) AS n FROM visits")).toEqual([{ n: 3000 }]);
  });

  it.each<[string, object]>([
    ["null", {}],
    ["deflate", { codec: "deflate", blockSize: 60 }],
    ["snappy", { codec: "snappy", codecs: { snappy: codec(snappy) } }],
    ["zstandard", { codec: "zstandard", codecs: { zstandard: codec(zstdCompressSync) } }],
  ])("with the codec %s becomes a backup, once per key", async (name, options) => {
    const rows = [3, 1, 2].map((n) => ({ nr: n, land: `${name} ${n}` }));
    const file = await made([nr, land], rows, options);
    const headers = { "Idempotency-Key": `upload ${name}`.replace(" ", "-") };
    const first = (await (await upload(file, headers)).json()) as Backup;
    expect(first).toMatchObject({ rows: 3, table: "places" });
    const again = await upload(file, headers);
    expect([await again.json(), again.headers.get("idempotency-replayed")]).toEqual([first, "true"]);
    await problemOf(await upload(await made([nr, land], [], options), headers), 422);
    await ingest.rows("DELETE FROM visits");
    expect((await ingest.call("POST", "/ingest/places/restore", { json: { name: first.name } })).status).toBe(200);
    expect(await all("places")).toEqual(
      rows
        .toReversed()
        .map((row) => row)
        .sort((a, b) => a.nr - b.nr),
    );
  });

  it("is refused with what does not fit", async () => {
    const good = await made([land, nr], [{ land: "a", nr: 1 }]);
    expect(await faultOf(await upload(await made([nr], [{ nr: 1 }])))).toBe(
      "does not fit places: the field land is missing",
    );
    expect(await faultOf(await upload(await made([land, { name: "nr", type: "double" }], [])))).toBe(
      "does not fit places: the field nr is double, not long or int",
    );
    expect(
      await faultOf(await upload(await made([{ ...land, type: ["null", "string"] }, nr], [{ land: null, nr: 7 }]))),
    ).toBe(
      "does not fit places: the row with land of no value, nr 7 has a land that the table cannot store: it is required",
    );
    expect(await faultOf(await upload(await made([land, nr], [{ land: "x".repeat(21), nr: 1 }])))).toMatch(
      /nr 1 has a land that the table cannot store: it is longer than 20 characters/,
    );
    // The replacement character itself is a text like any other; other bytes that are no UTF-8 are not.
    const marked = await made([{ ...land, type: ["null", "string"] }, nr], [{ land: "a\ufffdb", nr: 1 }], {
      codec: "null",
    });
    expect((await upload(marked)).status).toBe(201);
    marked.set([0xff, 0xfe, 0x80], marked.indexOf("\ufffd"));
    expect(await faultOf(await upload(marked))).toMatch(
      /has a land that the table cannot store: it is not valid UTF-8/,
    );
    const twice = [1, 2, 1].map((n) => ({ land: "a", nr: n }));
    expect(await faultOf(await upload(await made([land, nr], twice)))).toBe(
      "does not fit places: several rows have the key a-1",
    );
    for (const bytes of [good.subarray(0, -1), Buffer.from("Obj"), Buffer.from("nothing of the kind")]) {
      expect(await faultOf(await upload(bytes))).toMatch(/^is damaged: /);
    }
    await problemOf(await upload(Buffer.alloc(0)), 400);
    await problemOf(await upload(good, { "Content-Type": "text/csv" }), 415);
    await problemOf(await upload(good, {}, "nowhere"), 404);
    expect(await ingest.rows("SHOW TABLES LIKE 'ingest_scratch%'")).toEqual([]);
  });
});

/** A compression as avsc takes it. */
function codec(compress: (data: Buffer) => Buffer) {
  return (data: Buffer, done: (error: null, data: Buffer) => void) => done(null, compress(data));
}

/** Snappy with the CRC-32 that Avro adds. */
function snappy(data: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(data));
  return Buffer.concat([compress(data), sum]);
}
