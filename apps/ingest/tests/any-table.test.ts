import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openIngest, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 7 });
});
afterAll(() => ingest[Symbol.asyncDispose]());

/** A value as a file has it, and as the database has it as text. */
interface Value {
  file: string;
  stored: string | null;
}
interface Kind {
  field: object;
  values: fc.Arbitrary<Value>;
  isKey: boolean;
}

const same = (values: fc.Arbitrary<string>) => values.map((text) => ({ file: text, stored: text }));
const pad = (value: number, digits: number) => String(value).padStart(digits, "0");

const hurtful = fc.constantFrom(
  ..."\t \" ' \\ \\N \\n , ; # \n \r\n a A á Á ß ss \u0301 \ufeffx 🦤 NULL null -- `"
    .split(" ")
    .filter((text) => text !== ""),
  " ",
);
/** Without white space alone, which is no value in a required column. */
const text = (maxLength: number) =>
  fc
    .array(fc.oneof(hurtful, fc.string({ unit: "grapheme", maxLength: 4 })), { minLength: 1, maxLength: 6 })
    .map((parts) => [...parts.join("").replaceAll("\0", "")].slice(0, maxLength).join(""))
    .filter((whole) => /[^\s]/.test(whole) && whole.isWellFormed());

const day = fc
  .date({ min: new Date("1000-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const clock = fc
  .tuple(fc.integer({ min: 0, max: 86_399 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([second, micros]) => ({
    whole: [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map((part) => pad(part, 2)).join(":"),
    fraction: pad(micros, 6),
  }));
const scaled = (digits: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map((unscaled) => {
    const digitsOf = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
    const [whole, fraction] = [digitsOf.slice(0, -scale), digitsOf.slice(-scale)];
    return `${unscaled < 0n ? "-" : ""}${whole}.${fraction}`;
  });

const kinds: fc.Arbitrary<Kind> = fc.constantFrom<Kind>(
  {
    field: { type: "integer" },
    values: same(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
    isKey: true,
  },
  { field: { type: "integer" }, values: same(fc.integer({ min: -9, max: 9 }).map(String)), isKey: true },
  {
    field: { type: "decimal" },
    values: scaled(38, 12).map((stored) => ({ file: stored.replace(/\.?0+$/, ""), stored })),
    isKey: true,
  },
  { field: { type: "number", precision: 9, scale: 2 }, values: same(scaled(9, 2)), isKey: true },
  { field: { type: "string", constraints: { maxLength: 20 } }, values: same(text(20)), isKey: true },
  { field: { type: "string", constraints: { maxLength: 1200 } }, values: same(text(40)), isKey: false },
  { field: { type: "string" }, values: same(text(40)), isKey: false },
  {
    field: { type: "boolean" },
    values: fc.constantFrom("yes", "TRUE", "1").map((file) => ({ file, stored: "1" })),
    isKey: true,
  },
  { field: { type: "date" }, values: same(day), isKey: true },
  {
    field: { type: "time" },
    values: clock.map(({ whole, fraction }) => ({ file: `${whole}.${fraction}`, stored: `${whole}.${fraction}` })),
    isKey: true,
  },
  {
    field: { type: "datetime", zoned: false },
    values: fc.tuple(day, clock).map(([date, { whole, fraction }]) => ({
      file: `${date} ${whole}.${fraction}`,
      stored: `${date} ${whole}.${fraction}`,
    })),
    isKey: true,
  },
  {
    field: { type: "datetime", precision: 0 },
    values: fc.tuple(day, clock, fc.integer({ min: -14, max: 14 })).map(([date, { whole }, hours]) => {
      const moment = new Date(Date.parse(`${date}T${whole}Z`) - hours * 3_600_000);
      const zone = `${hours < 0 ? "-" : "+"}${pad(Math.abs(hours), 2)}:00`;
      return { file: `${date}T${whole}${zone}`, stored: moment.toISOString().slice(0, 19).replace("T", " ") };
    }),
    isKey: true,
  },
  { field: { type: "uuid" }, values: fc.uuid().map((id) => ({ file: id.toUpperCase(), stored: id })), isKey: true },
  {
    field: { type: "json" },
    values: same(
      fc
        .jsonValue()
        .map((value) => JSON.stringify(value))
        .filter((json) => !json.includes("\0")),
    ),
    isKey: false,
  },
);

interface Plan {
  fields: { name: string; kind: Kind; required: boolean }[];
  keys: number;
  loads: { mode: "insert" | "upsert" | "replace" | "merge"; rows: Value[][] }[];
}

const columnNames = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom(
      "select",
      "id",
      "key",
      "a`b",
      "a'b",
      "naïve",
      "Número",
      "a b",
      "x,y",
      'q"q',
      "1",
      "t",
      "k",
      "%s",
      "日付",
    ),
    fc.string({ unit: fc.constantFrom(..."abcXYZé-?:@"), minLength: 1, maxLength: 12 }),
  ),
  { minLength: 1, maxLength: 7, selector: (name) => name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase() },
);

const plans: fc.Arbitrary<Plan> = columnNames.chain((names) =>
  fc
    .tuple(fc.array(kinds, { minLength: names.length, maxLength: names.length }), fc.integer({ min: 1, max: 2 }))
    .chain(([given, wanted]) => {
      const kindsOf = given.some(({ isKey }) => isKey) ? given : [keyKind, ...given.slice(1)];
      const ordered = [...kindsOf.filter(({ isKey }) => isKey), ...kindsOf.filter(({ isKey }) => !isKey)];
      const keys = Math.min(wanted, ordered.filter(({ isKey }) => isKey).length);
      const none: Value = { file: "", stored: null };
      return fc.array(fc.boolean(), { minLength: names.length, maxLength: names.length }).chain((required) => {
        const fields = ordered.map((kind, at) => ({
          name: names[at] as string,
          kind,
          required: at < keys || (required[at] as boolean),
        }));
        const row = fc.tuple(
          ...fields.map(({ kind, required: must }) =>
            must ? kind.values : fc.oneof({ weight: 3, arbitrary: kind.values }, fc.constant(none)),
          ),
        );
        const loads = fc.array(
          fc.record({
            mode: fc.constantFrom("insert", "upsert", "replace", "merge"),
            rows: fc.array(row, { minLength: 1, maxLength: 20 }),
          }) as fc.Arbitrary<Plan["loads"][number]>,
          { minLength: 1, maxLength: 3 },
        );
        return loads.map((all) => ({ fields, keys, loads: all }));
      });
    }),
);
const keyKind: Kind = {
  field: { type: "string", constraints: { maxLength: 20 } },
  values: same(text(20)),
  isKey: true,
};

const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
const fieldOf = ({ file, stored }: Value) => (stored === null ? "" : quoted(file));

/** The rows by their keys; the server takes texts as equal that differ in spaces at the end. */
function expected(loads: Plan["loads"], keys: number): Map<string, Value[]> {
  let table = new Map<string, Value[]>();
  const keyOf = (row: Value[]) => JSON.stringify(row.slice(0, keys).map(({ stored }) => stored?.replace(/ +$/, "")));
  for (const { mode, rows } of loads) {
    const fromFile = new Map<string, Value[]>();
    for (const row of rows) {
      const key = keyOf(row);
      if (mode === "upsert" || mode === "merge" || !fromFile.has(key)) fromFile.set(key, row);
    }
    if (mode === "replace" || mode === "merge") table = fromFile;
    else for (const [key, row] of fromFile) if (mode === "upsert" || !table.has(key)) table.set(key, row);
  }
  return table;
}

const full = process.env.QUINTET_FAULTS !== undefined;

it("whatever the columns, the key and the values: a table is what its files say", { timeout: 900_000 }, async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(plans, async ({ fields, keys, loads }) => {
      const table = `any_${++made}`;
      const schema = {
        fields: fields.map(({ name, kind, required }) => {
          const { constraints, ...rest } = kind.field as { constraints?: object };
          return { name, ...rest, constraints: { ...constraints, required } };
        }),
        primaryKey: fields.slice(0, keys).map(({ name }) => name),
      };
      const answer = await ingest.call("PUT", `/ingest/tables/${table}`, { json: schema });
      expect(answer.status, await answer.clone().text()).toBe(201);
      const header = fields.map(({ name }) => quoted(name)).join(",");
      for (const { mode, rows } of loads) {
        const file = [header, ...rows.map((row) => row.map(fieldOf).join(","))].join("\r\n");
        await ingest.load(table, file, `?header=true&mode=${mode}&maxRejects=100%25`);
      }
      const of = (name: string) => `\`${name.replaceAll("`", "``")}\``;
      const columns = fields.map(({ name }, at) => `CAST(${of(name)} AS CHAR) AS c${at}`);
      const stored = await ingest.rows(`SELECT ${columns.join(", ")} FROM ${table}`);
      const wanted = [...expected(loads, keys).values()].map((row) => row.map((value) => value.stored));
      const sorted = (rows: (string | null)[][]) => rows.map((row) => JSON.stringify(row)).sort();
      expect(sorted(stored.map((row) => Object.values(row) as string[]))).toEqual(sorted(wanted));
      expect(await ingest.rows(`SELECT 1 FROM staged_${table}`)).toEqual([]);
      expect((await ingest.call("DELETE", `/ingest/tables/${table}?rows=delete`)).status).toBe(204);
    }),
    { numRuns: full ? 150 : 12, seed: full ? Date.now() : 20 },
  );
});
