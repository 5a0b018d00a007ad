import { afterAll, beforeAll, expect, it } from "vitest";
import { storeRows } from "../src/rows/store-rows.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());

const put = (name: string, json: unknown) => ingest.call("PUT", `/ingest/tables/${name}`, { json });
const patch = (name: string, json: unknown, query = "") =>
  ingest.call("PATCH", `/ingest/tables/${name}${query}`, { json });
const dryRun = async (name: string, json: unknown) => {
  const response = await patch(name, json, "?dryRun=true");
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { breaks: { path: string; message: string }[] }).breaks;
};
const shown = async (name: string) =>
  (await (await ingest.call("GET", `/ingest/tables/${name}`)).json()) as {
    version: number;
    schema: { fields: object[] };
  };
const exported = async (name: string) => (await ingest.call("GET", `/ingest/${name}?format=csv`)).text();

const people = {
  fields: [
    { name: "email", constraints: { maxLength: 40 } },
    { name: "age", type: "integer", constraints: { minimum: 0 } },
    { name: "town" },
    { name: "boss", constraints: { maxLength: 40 } },
    { name: "at", type: "datetime" },
  ],
  primaryKey: "email",
};
const header = "email,age,town,boss,at\n";
const rows = "a@x,30,Cali,,2021-01-01T00:00:00Z\nb@x,17,Cali,a@x,\nc@x,,,z@x,2021-01-01T00:00:00.5Z\n";

it("a change tells what it would break, and is made when nothing would", async () => {
  expect((await put("people", people)).status).toBe(201);
  await ingest.load("people", header + rows);
  const breaks: [object, string, string][] = [
    [
      { name: "age", constraints: { minimum: 18 } },
      "fields.1",
      "age of 1 row must be a whole number of at least 18, such as 17",
    ],
    [{ name: "age", constraints: { required: true } }, "fields.1", "age of 1 row is required"],
    [
      { name: "town", constraints: { maxLength: 3 } },
      "fields.2",
      "town of 2 rows is longer than 3 characters, such as Cali",
    ],
    [
      { name: "town", constraints: { pattern: "[A-B].*" } },
      "fields.2",
      "town of 2 rows does not match [A-B].*, such as Cali",
    ],
    [
      { name: "town", constraints: { maxLength: 9, unique: true } },
      "fields.2.constraints.unique",
      "town has 1 value more than once",
    ],
    [
      { name: "at", precision: 0 },
      "fields.4",
      "at of 1 row is more precise than seconds, such as 2021-01-01T00:00:00.500Z",
    ],
    [
      { name: "at", zoned: false },
      "fields.4.zoned",
      "at cannot be changed while the table has rows: their times would be others",
    ],
    [
      { name: "town", constraints: { minLength: 5 } },
      "fields.2",
      "town of 2 rows is shorter than 5 characters, such as Cali",
    ],
    [{ name: "town", type: "date" }, "fields.2.type", "town cannot become date while the table has rows: it is string"],
    [
      { name: "new", constraints: { required: true } },
      "fields.5.constraints.required",
      "new is new and required: the rows that are there need a default",
    ],
  ];
  for (const [field, path, message] of breaks) {
    expect(await dryRun("people", { fields: [field] })).toEqual([{ path, message }]);
    const { errors } = await problemOf(await patch("people", { fields: [field] }), 409);
    expect(errors).toEqual([{ path, message }]);
  }
  const toItself = [{ fields: "boss", reference: { resource: "", fields: "email" } }];
  expect(await dryRun("people", { foreignKeys: toItself })).toEqual([
    { path: "foreignKeys.0", message: "1 row would refer to no row of people" },
  ]);
  await problemOf(await put("people", { ...people, primaryKey: ["email", "town"] }), 422);
  await problemOf(await put("people", { ...people, fields: people.fields.slice(0, 4) }), 409);
  expect(await shown("people")).toMatchObject({ version: 1 });
  expect(await exported("people")).toBe((header + rows).replaceAll("\n", "\r\n").replace("00.5Z", "00.500Z"));

  await ingest.load("people", "c@x,18,Ñ,a@x,\n", "?mode=upsert");
  const change = {
    title: "Staff",
    fields: [
      { name: "age", type: "number", constraints: { minimum: 17, required: true } },
      { name: "town", constraints: { maxLength: 500, enum: ["Cali", "Ñ", "Pereira"] } },
      { name: "active", type: "boolean", default: "yes", constraints: { required: true } },
      { name: "note`s" },
      { name: "more", default: "it's \\n", constraints: { minLength: 1 } },
    ],
    foreignKeys: toItself,
  };
  expect(await dryRun("people", change)).toEqual([]);
  expect(await shown("people")).toMatchObject({ version: 1 });
  const changed = await patch("people", change);
  expect(await changed.json()).toMatchObject({ version: 2, breaks: [], schema: { title: "Staff" } });
  expect(await exported("people")).toBe(
    [
      "email,age,town,boss,at,active,note`s,more",
      "a@x,30,Cali,,2021-01-01T00:00:00Z,true,,it's \\n",
      "b@x,17,Cali,a@x,,true,,it's \\n",
      "c@x,18,Ñ,a@x,,true,,it's \\n\r\n",
    ].join("\r\n"),
  );
  const all = "email,age,town,boss,active,note`s,more,at\n";
  const lines = ["d@x,17.5,Pereira,c@x", "e@x,1,Cali,", "f@x,20,Rome,", "g@x,20,Cali,nobody"];
  const more = `${all}${lines.map((line) => `${line},no,,,\n`).join("")}`;
  expect(await ingest.load("people", more)).toMatchObject({ inserted: 1, rejected: 3 });
  expect(await ingest.load("people", `${all}d@x,18.5,,d@x,yes,,,\n`, "?mode=merge")).toMatchObject({
    updated: 1,
    inserted: 0,
    deleted: 3,
  });
});

it("a table without rows becomes any other one, and only texts are changed under a load", async () => {
  expect((await put("becomes", people)).status).toBe(201);
  const other = {
    fields: [
      { name: "town", type: "integer", constraints: { unique: true } },
      { name: "id", type: "uuid" },
    ],
    primaryKey: ["id", "town"],
    dialect: { delimiter: ";", decimal: ",", defaultZone: "America/Bogota" },
  };
  const { version, schema } = (await (await put("becomes", other)).json()) as { version: number; schema: object };
  expect([version, schema]).toEqual([
    2,
    expect.objectContaining({ primaryKey: ["id", "town"], dialect: other.dialect }),
  ]);
  const file = "id;town\n0b0e6d00-0000-4000-8000-000000000001;5\n0b0e6d00-0000-4000-8000-000000000002;5\n";
  expect(await ingest.load("becomes", file)).toMatchObject({ inserted: 1, rejected: 1 });
  const [load] = await ingest.rows("SELECT id FROM ingest_loads ORDER BY id DESC LIMIT 1");
  await ingest.rows("UPDATE ingest_loads SET status = 'running', beat_at = UTC_TIMESTAMP(3) WHERE id = ?", [load?.id]);
  await problemOf(await patch("becomes", { fields: [{ name: "more" }] }), 409);
  expect((await patch("becomes", { title: "T", dialect: null, fields: [{ name: "id", title: "Id" }] })).status).toBe(
    200,
  );
  expect(await shown("becomes")).toMatchObject({ version: 2, schema: { title: "T" } });
  await ingest.rows("UPDATE ingest_loads SET status = 'done' WHERE id = ?", [load?.id]);
});

it("rows are not written by rules of before", async () => {
  expect((await put("stale", people)).status).toBe(201);
  const before = await ingest.deps.tables.find("stale");
  if (!before) throw new Error("there is no table");
  const store = () => storeRows(ingest.deps.loads.bulk, before, [["a@x", 1, "", "", null]]);
  expect(await store()).toMatchObject({ inserted: 1 });
  await ingest.rows("UPDATE ingest_tables SET state = 'changing' WHERE name = 'stale'");
  await expect(store()).rejects.toMatchObject({ status: 409 });
  await ingest.rows("UPDATE ingest_tables SET state = 'ready' WHERE name = 'stale'");
  expect((await patch("stale", { fields: [{ name: "age", constraints: { maximum: 5 } }] })).status).toBe(200);
  await expect(store()).rejects.toMatchObject({ status: 409 });
});

it("many tables are changed at once", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `many_${at}`);
  const statuses = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status);
  expect(await statuses(names.map((name) => put(name, people)))).toEqual(names.map(() => 201));
  await ingest.load("many_0", header + rows);
  const change = { fields: [{ name: "age", constraints: { maximum: 99 } }, { name: "more" }] };
  expect(await statuses(names.map((name) => patch(name, change)))).toEqual(names.map(() => 200));
});

it("what other tables refer to stays as they need it", async () => {
  const child = {
    fields: [
      { name: "id", type: "integer" },
      { name: "email", constraints: { maxLength: 40 } },
    ],
    primaryKey: "id",
    foreignKeys: [{ fields: "email", reference: { resource: "people", fields: "email" } }],
  };
  expect((await put("visits", child)).status).toBe(201);
  expect((await ingest.call("DELETE", "/ingest/people")).status).toBe(204);
  expect((await put("people", people)).status).toBe(200);
  const withoutKey = { ...people, fields: [...people.fields, { name: "id", type: "integer" }], primaryKey: "id" };
  const { errors } = await problemOf(await put("people", withoutKey), 409);
  expect(errors?.[0]?.message).toMatch(/^visits refers to people: /);
  // Its length is no matter for the reference.
  const longer = await patch("people", { fields: [{ name: "email", constraints: { maxLength: 60 } }] });
  expect([200, 409]).toContain(longer.status);
  await ingest.load("people", `${header}q@x,20,Cali,,\n`);
  expect(await ingest.load("visits", "1,q@x\n2,r@x\n")).toMatchObject({ inserted: 1, rejected: 1 });
});

it("a load is undone after a change by which the rows of before still fit, and no other", async () => {
  expect((await put("undone", people)).status).toBe(201);
  await ingest.load("undone", header + rows);
  const before = await exported("undone");
  const upsert = `${header}c@x,50,Cali,,2021-01-01T00:00:00Z\n`;
  const undo = async (id: number) => (await ingest.call("DELETE", `/ingest/loads/${id}?undo=true`)).status;
  const first = await ingest.load("undone", upsert, "?mode=upsert");
  expect((await patch("undone", { fields: [{ name: "age", constraints: { minimum: null } }] })).status).toBe(200);
  expect(await undo(first.id)).toBe(200);
  expect(await exported("undone")).toBe(before);
  const second = await ingest.load("undone", upsert, "?mode=upsert");
  expect((await patch("undone", { fields: [{ name: "town", constraints: { required: true } }] })).status).toBe(200);
  expect(await undo(second.id)).toBe(409);
  expect(await exported("undone")).toContain("c@x,50");
});

async function definitionOf(name: string): Promise<Record<string, unknown>> {
  const [row] = await ingest.rows("SELECT definition FROM ingest_tables WHERE name = ?", [name]);
  return JSON.parse(String(row?.definition)) as Record<string, unknown>;
}

it.each([false, true])("a change that was killed is finished, the table being changed: %s", async (isAltered) => {
  const name = `killed_${isAltered}`;
  expect((await put(name, people)).status).toBe(201);
  await ingest.load(name, header + rows);
  const column = { name: "more", type: "string", required: false, unique: false, zoned: false };
  const { columns, ...rest } = await definitionOf(name);
  const pending = { ...rest, columns: [...(columns as object[]), column] };
  if (isAltered) await ingest.rows(`ALTER TABLE ${name} ADD COLUMN more MEDIUMTEXT NULL`);
  await ingest.rows("UPDATE ingest_tables SET state = 'changing', pending = ? WHERE name = ?", [
    JSON.stringify(pending),
    name,
  ]);
  expect(await ingest.load(name, "email,age,town,boss,at,more\nz@x,,,,,yes\n")).toMatchObject({ inserted: 1 });
  expect(await shown(name)).toMatchObject({ version: 2 });
  expect(await ingest.load(name, "email,age,town,boss,at,more\nz@x,,,,,no\n", "?mode=replace")).toMatchObject({
    deleted: 3,
  });
});

it("a change that cannot be made any more is taken back", async () => {
  expect((await put("taken_back", people)).status).toBe(201);
  await ingest.load("taken_back", header + rows);
  const { columns, ...rest } = await definitionOf("taken_back");
  const unique = (columns as { name: string }[]).map((column) =>
    column.name === "town" ? { ...column, unique: true, maxLength: 9 } : column,
  );
  await ingest.rows("UPDATE ingest_tables SET state = 'changing', pending = ? WHERE name = 'taken_back'", [
    JSON.stringify({ ...rest, columns: unique }),
  ]);
  expect(await ingest.load("taken_back", "y@x,,,,\n")).toMatchObject({ inserted: 1 });
  expect(await shown("taken_back")).toMatchObject({ version: 1 });
});
