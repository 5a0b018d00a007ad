import { afterAll, beforeAll, expect, it } from "vitest";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest();
});
afterAll(() => ingest[Symbol.asyncDispose]());

type Field = Record<string, unknown>;
const text = (maxLength: number, required = true): Field => ({ constraints: { required, maxLength } });
const many = (count: number, field: Field) => Array.from({ length: count }, () => field);
const integer = { type: "integer", constraints: { required: true } };

/** Fields whose number or size is the greatest that fits, and one more, which is a 422 that names `path`. */
const borders: [name: string, make: (more: number) => { fields: Field[]; key: number }, path: string][] = [
  ["texts in a row", (more) => ({ fields: [integer, ...many(8, text(2000)), text(373 + more)], key: 1 }), "fields"],
  [
    "optional texts in a row",
    (more) => ({ fields: [integer, ...many(8, text(2000, false)), text(372 + more, false)], key: 1 }),
    "fields",
  ],
  ["short texts in a page", (more) => ({ fields: [integer, ...many(99 + more, text(20))], key: 1 }), "fields"],
  ["long texts in a page", (more) => ({ fields: [integer, ...many(384 + more, text(3000))], key: 1 }), "fields"],
  [
    "numbers and texts in a page",
    (more) => ({
      fields: [
        integer,
        ...many(100, { type: "number" }),
        ...many(100, { type: "datetime" }),
        ...many(50, { type: "uuid" }),
        ...many(150, text(64)),
        ...many(12, { type: "boolean" }),
        ...many(7 + more, text(16)),
      ],
      key: 1,
    }),
    "fields",
  ],
  ["texts in the key", (more) => ({ fields: [...many(3, text(255)), text(1 + more)], key: 4 }), "primaryKey"],
  [
    "other columns in the key",
    (more) => ({
      fields: [
        ...many(2, text(255)),
        { type: "number" },
        { type: "datetime" },
        { type: "uuid" },
        { type: "date" },
        { type: "boolean" },
        text(239 + more),
      ].map((field) => ({ ...field, constraints: { ...(field.constraints as object), required: true } })),
      key: 8,
    }),
    "primaryKey",
  ],
  ["columns of the key", (more) => ({ fields: many(15 + more, integer), key: 15 + more }), "primaryKey"],
];

it.each(borders)("%s fit up to the limit of the database, and not one more", async (_, make, path) => {
  const put = (name: string, more: number) => {
    const { fields, key } = make(more);
    const named = fields.map((field, at) => ({ name: `c${at}`, ...field }));
    const json = { fields: named, primaryKey: named.slice(0, key).map(({ name: column }) => column) };
    return ingest.call("PUT", `/ingest/tables/${name}`, { json });
  };
  const made = await put("wide", 0);
  expect(made.status, await made.text()).toBe(201);
  const { errors } = await problemOf(await put("wider", 1), 422);
  expect(errors?.map((error) => error.path)).toEqual([path]);
  expect(errors?.[0]?.message).toMatch(/ and up to [\d,]+ are possible/);
  // Nothing was begun.
  expect(await ingest.rows("SELECT 1 FROM ingest_tables WHERE name = 'wider'")).toEqual([]);
  expect((await ingest.call("DELETE", "/ingest/tables/wide")).status).toBe(204);
});

it("a change beyond the limits is refused before rows are looked at, also by a dry run", async () => {
  const id = { name: "id", type: "integer" };
  const json = {
    fields: [id, ...many(8, text(2000, false)).map((field, at) => ({ name: `c${at}`, ...field }))],
    primaryKey: "id",
  };
  expect((await ingest.call("PUT", "/ingest/tables/wide", { json })).status).toBe(201);
  for (const query of ["?dryRun=true", ""]) {
    const more = { fields: [{ name: "more", ...text(373, false) }] };
    const { errors } = await problemOf(await ingest.call("PATCH", `/ingest/tables/wide${query}`, { json: more }), 422);
    expect(errors?.[0]?.message).toContain("65,536 bytes together");
  }
  const fits = { fields: [{ name: "more", ...text(372, false) }] };
  expect((await ingest.call("PATCH", "/ingest/tables/wide", { json: fits })).status).toBe(200);
});
