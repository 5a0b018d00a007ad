import { afterAll, beforeAll, expect, it } from "vitest";
import { fillDemo } from "../src/demo.ts";
import { removeExpired } from "../src/retention/retention.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());

const required = { constraints: { required: true } };
const id = { name: "id", type: "integer", ...required };
const plants = { fields: [id, { name: "Name`s; --", type: "string", ...required }], primaryKey: "id" };
const readings = {
  fields: [
    id,
    { name: "plant", type: "integer", ...required },
    { name: "order", type: "string", constraints: { required: true, maxLength: 255 } },
    { name: "at", type: "datetime", ...required },
  ],
  primaryKey: ["id"],
  foreignKeys: [{ fields: "plant", reference: { resource: "plants", fields: "id" } }],
};
const put = (name: string, json: unknown) => ingest.call("PUT", `/ingest/tables/${name}`, { json });
const remove = (name: string, query = "") => ingest.call("DELETE", `/ingest/tables/${name}${query}`);

it("a table of one's own is made, loaded, replaced and deleted", async () => {
  expect([(await put("plants", plants)).status, (await put("plants", plants)).status]).toEqual([201, 200]);
  expect((await put("group", readings)).status).toBe(201);
  const shown = (await (await ingest.call("GET", "/ingest/tables/group")).json()) as { schema: unknown };
  expect((await put("group", shown.schema)).status).toBe(200);
  expect(await ingest.load("plants", "1,Oak\n2,Ash\n")).toMatchObject({ inserted: 2 });
  await problemOf(await put("plants", readings), 409);
  const file = "order,at,plant,id\nx,2021-11-07T02:48:42Z,2,1\ny,2021-11-07T02:48:42Z,9,2\n";
  expect(await ingest.load("group", file)).toMatchObject({ inserted: 1, rejected: 1 });
  expect(await ingest.load("plants", "2,Elm\n", "?mode=upsert")).toMatchObject({ updated: 1 });
  await problemOf(
    await ingest.call("POST", "/ingest/plants/csv?mode=replace", {
      body: "1,Oak\n",
      headers: { "Content-Type": "text/csv" },
    }),
    409,
  );
  await problemOf(await remove("plants", "?rows=delete"), 409);
  await problemOf(await remove("group"), 409);
  const { rows } = (await (await ingest.call("GET", "/ingest/group")).json()) as { rows: unknown[] };
  expect(rows).toEqual([{ id: 1, plant: 2, order: "x", at: "2021-11-07T02:48:42Z" }]);
  expect((await remove("group", "?rows=delete")).status).toBe(204);
  await problemOf(await ingest.call("GET", "/ingest/group"), 404);
  expect(await (await put("group", readings)).json()).toMatchObject({ version: 2 });
  expect((await remove("group")).status).toBe(204);
  expect((await remove("plants", "?rows=delete")).status).toBe(204);
  expect(await ingest.rows("SHOW TABLES LIKE '%plants'")).toEqual([]);
});

it.each<[string, object]>([
  ["fields.1.name", { ...plants, fields: [id, { name: "ID", type: "string" }] }],
  ["fields.2.name", { ...plants, fields: [id, { name: "É" }, { name: "e" }] }],
  ["fields.1.name", { ...plants, fields: [id, { name: "_of_load" }] }],
  ["fields.0.name", { ...plants, fields: [{ ...id, name: "_load" }] }],
  ["fields.0.constraints.required", { ...plants, fields: [{ ...id, constraints: { required: false } }] }],
  ["fields.1.constraints.maxLength", { ...plants, fields: [id, { name: "x" }], primaryKey: ["id", "x"] }],
  [
    "fields.1.constraints.pattern",
    { ...plants, fields: [id, { name: "x", type: "date", constraints: { pattern: "x" } }] },
  ],
  ["fields.1.constraints", { ...plants, fields: [id, { name: "x", constraints: { pattern: "(?=a)" } }] }],
  [
    "fields.1.constraints",
    { ...plants, fields: [id, { name: "x", type: "date", constraints: { minimum: "03/04/2021" } }] },
  ],
  [
    "fields.1.constraints.maximum",
    { ...plants, fields: [id, { name: "x", type: "integer", constraints: { maximum: 2 ** 63 } }] },
  ],
  ["fields.1.default", { ...plants, fields: [id, { name: "x", type: "integer", default: "many" }] }],
  ["fields.1.format", { ...plants, fields: [id, { name: "x", type: "date", format: "any" }] }],
  ["fields.1.scale", { ...plants, fields: [id, { name: "x", type: "number", precision: 4, scale: 5 }] }],
  ["fields.1.type", { ...plants, fields: [id, { name: "x", type: "json" }], primaryKey: ["id", "x"] }],
  ["fields.1.type", { ...plants, fields: [id, { name: "x", type: "geopoint" }] }],
  ["primaryKey", { ...plants, primaryKey: ["id", "x"] }],
  ["primaryKey", { fields: plants.fields }],
  [
    "foreignKeys.0.reference.resource",
    { ...readings, foreignKeys: [{ fields: "plant", reference: { resource: "nowhere", fields: "id" } }] },
  ],
  [
    "fields",
    {
      ...plants,
      fields: [id, ...Array.from({ length: 40 }, (_, i) => ({ name: `t${i}`, constraints: { maxLength: 1900 } }))],
    },
  ],
])("a definition is refused by its path: %s", async (path, schema) => {
  const { errors } = await problemOf(await put("refused", schema), 422);
  expect(errors?.map((error) => error.path)).toContain(path);
  expect(await ingest.rows("SHOW TABLES LIKE '%refused'")).toEqual([]);
});

const every = {
  title: "Measurements",
  fields: [
    { name: "País", constraints: { maxLength: 2 } },
    { name: "serial", type: "integer" },
    { name: "amount", type: "decimal", precision: 30, scale: 10, constraints: { minimum: "-5.5" } },
    { name: "ok", type: "boolean" },
    { name: "day", type: "date", format: "%d/%m/%Y" },
    { name: "hour", type: "time" },
    { name: "at", type: "datetime" },
    { name: "local", type: "datetime", zoned: false },
    { name: "key", type: "string", format: "uuid", constraints: { unique: true } },
    { name: "more", type: "object" },
    { name: "note`", description: "free", constraints: { pattern: "[a-z ]*", enum: ["a", "b c"] } },
    { name: "before", type: "integer" },
    { name: "beforeCountry", constraints: { maxLength: 2 } },
  ],
  primaryKey: ["País", "serial"],
  foreignKeys: [{ fields: ["beforeCountry", "before"], reference: { resource: "", fields: ["País", "serial"] } }],
  missingValues: ["", "n/a"],
};
const columns = 'País,serial,amount,ok,day,hour,at,local,key,more,"note`",before,beforeCountry';
const row = (country: string, serial: string, more: string) => `${country},${serial},${more}`;
const uuid = (n: number) => `0b0e6d00-0000-4000-8000-${String(n).padStart(12, "0")}`;

it("a table of all types, with a key of two columns, is loaded in every mode, exactly", async () => {
  expect((await put("all_types", every)).status).toBe(201);
  const shown = (await (await ingest.call("GET", "/ingest/tables/all_types")).json()) as { schema: object };
  expect((await put("all_types", shown.schema)).status).toBe(200);
  const first = [
    columns,
    row(
      "CO",
      "9223372036854775807",
      `12345678901234567890.0123456789,yes,03/04/2021,23:59:59.5,2021-01-01 00:00:00-05,2021-01-01 00:00:00,${uuid(1).toUpperCase()},"{""n"":1.10}",b c,,`,
    ),
    row("co", "9223372036854775807", `n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,n/a,9223372036854775807,CO`),
    row("ES", "1", `-5.6,,,,,,${uuid(2)},,,,`),
    row("ES", "2", `1,,,,,,${uuid(1)},,,,`),
    row("ES", "3", `1,,31/02/2021,,,,${uuid(3)},,,,`),
    row("ES", "4", `,,,,,,,${uuid(4)},,c,,`),
    row("ES", "5", `,,,,,,,${uuid(5)},,a,7,CO`),
    row("CO", "9223372036854775807", `,,,,,,,${uuid(6)},,a,,`),
    row("", "5", `,,,,,,,${uuid(7)},,a,,`),
  ].join("\n");
  const load = await ingest.load("all_types", `${first}\n`, "?header=true");
  const listed = await (await ingest.call("GET", load.rejectsUrl)).text();
  expect(load, listed).toMatchObject({ received: 9, inserted: 2, rejected: 7 });
  const text =
    "CAST(amount AS CHAR) AS amount, CAST(serial AS CHAR) AS serial, CAST(at AS CHAR) AS at, CAST(local AS CHAR) AS local";
  const stored =
    await ingest.rows(`SELECT ${text}, ok, CAST(day AS CHAR) AS day, CAST(hour AS CHAR) AS hour, \`key\`, more, _load
    FROM all_types ORDER BY \`País\``);
  expect(stored).toEqual([
    {
      amount: "12345678901234567890.0123456789",
      serial: "9223372036854775807",
      at: "2021-01-01 05:00:00.000000",
      local: "2021-01-01 00:00:00.000000",
      ok: 1,
      day: "2021-04-03",
      hour: "23:59:59.500000",
      key: uuid(1),
      more: '{"n":1.10}',
      _load: load.id,
    },
    {
      amount: null,
      serial: "9223372036854775807",
      at: null,
      local: null,
      ok: null,
      day: null,
      hour: null,
      key: null,
      more: null,
      _load: load.id,
    },
  ]);
});

it.each(["tables", "loads", "staged_x", "ingest_x", "Upper", "x".repeat(49)])("%s is no name", async (name) => {
  expect((await problemOf(await put(name, plants), 422)).errors?.[0]?.path).toBe("name");
});

it("a table of somebody else stays; what a killed process has left is mended", async () => {
  await ingest.rows("CREATE TABLE theirs (id INT)");
  await problemOf(await put("theirs", plants), 409);
  expect(await ingest.rows("SHOW TABLES LIKE 'theirs'")).toHaveLength(1);
  expect((await put("mended", plants)).status).toBe(201);
  for (const state of ["making", "dropping"]) {
    await ingest.rows("DROP TABLE before_mended");
    await ingest.rows("UPDATE ingest_tables SET state = ? WHERE name = 'mended'", [state]);
    await problemOf(await ingest.call("GET", "/ingest/mended"), 404);
    expect((await put("mended", plants)).status).toBe(201);
    expect(await ingest.load("mended", "1,a\n")).toMatchObject({ inserted: 1 });
  }
});

it("of two that make a table at once one does", async () => {
  const answers = await Promise.all([1, 2].map(() => put("raced", plants)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
});

it("a number that a referenced table cannot have refers to nothing, in every mode", async () => {
  const schema = { ...readings, foreignKeys: [{ fields: "plant", reference: { resource: "jobs", fields: "id" } }] };
  expect((await put("wide", schema)).status).toBe(201);
  const file = "1,3000000000,x,2021-11-07T02:48:42Z\n";
  for (const query of ["", "?maxRejects=1", "?mode=upsert"]) {
    expect(await ingest.load("wide", file, query)).toMatchObject({ inserted: 0, rejected: 1 });
  }
  for (const mode of ["replace", "merge"]) {
    const sent = { body: file, headers: { "Content-Type": "text/csv" } };
    await problemOf(await ingest.call("POST", `/ingest/wide/csv?mode=${mode}`, sent), 422);
  }
});

it("tables that were deleted, also those of the demo, are in nobody's way", async () => {
  for (const name of ["hired_employees", "jobs", "departments"]) {
    expect((await ingest.call("DELETE", `/ingest/tables/${name}?rows=delete`)).status).toBe(
      name === "jobs" ? 409 : 204,
    );
  }
  const lines: string[] = [];
  await fillDemo(ingest.deps, (line) => lines.push(line));
  await ingest.call("DELETE", "/ingest/tables/wide");
  expect((await remove("jobs", "?rows=delete")).status).toBe(204);
  await fillDemo(ingest.deps, (line) => lines.push(line));
  expect(lines).toEqual([]);
  await ingest.rows("UPDATE ingest_loads SET started_at = '2001-01-01', beat_at = '2001-01-01', status = 'done'");
  const { mysql: db, bulk, backups: storage, uploads, log } = ingest.deps;
  const kept = { loadsDays: 3, rejectsDays: 3, undoDays: 3, backups: { keep: 0, days: 0 } };
  await removeExpired({ db, bulk, storage, uploads, log, kept }, AbortSignal.timeout(30_000));
  expect(await ingest.rows("SELECT id FROM ingest_loads")).toEqual([]);
  expect((await put("jobs", plants)).status).toBe(201);
});
