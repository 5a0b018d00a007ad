import type { MysqlPool } from "@quintet/db";
import { Problem } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { fieldCodec } from "../fields/codec.ts";
import { fault } from "../fields/field-faults.ts";
import { tableFormat } from "../fields/field-format.ts";
import { maxGrowth } from "../fields/field-writer.ts";
import { valueText } from "../rows/row-values.ts";
import { readAllRows } from "../store/table-queries.ts";
import { uniqueColumns } from "./ddl.ts";
import { identifier, identifiers } from "./quote.ts";
import type { Column, ForeignKey, Table } from "./table.ts";

type Queries = Pick<MysqlPool, "query">;

/** What a change of a definition would break. */
export interface Break {
  path: string;
  message: string;
}

/** A 409 that lists what a change would break. */
export function breakProblem(breaks: readonly Break[]): Problem {
  const detail = breaks.map(({ message }) => message).join("; ");
  return new Problem("conflict", `Nothing was changed. ${detail}.`.slice(0, 2000), { errors: [...breaks] });
}

/** What would not fit if a table got another definition; empty: the change is possible. A table without rows can become any other one. */
export async function findBreaks(db: Queries, from: Table, to: Omit<Table, "version">): Promise<Break[]> {
  const [some] = await db.query<RowDataPacket[]>(`SELECT 1 FROM ${identifier(from.name)} LIMIT 1`);
  if (some.length === 0) return [];
  const fixed = fixedBreaks(from, to);
  return fixed.length > 0 ? fixed : [...(await valueBreaks(db, from, to)), ...(await keyBreaks(db, from, to))];
}

/** What does not fit a table with rows, whatever they are. */
function fixedBreaks(from: Table, to: Omit<Table, "version">): Break[] {
  const breaks: Break[] = [];
  if (from.primaryKey.join("\t") !== to.primaryKey.join("\t")) {
    breaks.push({ path: "primaryKey", message: "cannot be another one while the table has rows" });
  }
  for (const { name } of from.columns) {
    if (to.columns.some((column) => column.name === name)) continue;
    breaks.push({ path: "fields", message: `${name} would be deleted with its values` });
  }
  for (const [at, column] of to.columns.entries()) {
    const before = from.columns.find(({ name }) => name === column.name);
    const refuse = (property: string, message: string) =>
      breaks.push({ path: `fields.${at}.${property}`, message: `${column.name} ${message}` });
    if (!before) {
      const isKey = column.unique || to.foreignKeys.some(({ columns }) => columns.includes(column.name));
      if (column.required && column.default === undefined) {
        refuse("constraints.required", "is new and required: the rows that are there need a default");
      } else if (isKey && column.default !== undefined) {
        refuse("default", "is new and a key: the rows that are there cannot all get the same value");
      }
    } else if (!canBecome(before, column)) {
      refuse("type", `cannot become ${column.type} while the table has rows: it is ${before.type}`);
    } else if (before.zoned !== column.zoned) {
      refuse("zoned", "cannot be changed while the table has rows: their times would be others");
    }
  }
  return breaks;
}

const becomesText = new Set<Column["type"]>(["integer", "uuid", "json"]);

/** Whether all values of a type are values of another one, or may be. */
function canBecome({ type: from }: Column, { type: to }: Column): boolean {
  return from === to || (from === "integer" && to === "number") || (becomesText.has(from) && to === "string");
}

/** The values that the new rules refuse: every row is read as if it were in a file. */
async function valueBreaks(db: Queries, from: Table, to: Omit<Table, "version">): Promise<Break[]> {
  const format = { ...tableFormat(to), missing: [] };
  const checks = to.columns.flatMap((column, at) => {
    const index = from.columns.findIndex(({ name }) => name === column.name);
    const before = from.columns[index];
    if (!before || isWider(before, column)) return [];
    return [{ column, before, index, at, codec: fieldCodec({ ...column, format: "default" }, format) }];
  });
  if (checks.length === 0) return [];
  const found = new Map<string, Break & { count: number; example: string }>();
  let written = Buffer.alloc(1024);
  for await (const rows of readAllRows(db, from, [])) {
    for (const row of rows) {
      for (const { column, before, index, at, codec } of checks) {
        const value = row[index]!;
        const text = value === null ? "" : valueText(before, value);
        let end: number = fault.required;
        if (value !== null) {
          const bytes = Buffer.from(text);
          if (written.length < bytes.length * 2 + maxGrowth) written = Buffer.alloc(bytes.length * 4 + maxGrowth);
          end = codec.write(bytes, 0, bytes.length, written, 0);
        } else if (!column.required) continue;
        if (end >= 0) continue;
        const { code, reason } = codec.faultOf(end);
        const key = `${at} ${code}`;
        const kept = found.get(key);
        if (kept) kept.count++;
        else found.set(key, { path: `fields.${at}`, message: reason, count: 1, example: value === null ? "" : text });
      }
    }
  }
  return [...found.values()].map(({ path, message, count, example }) => {
    const name = to.columns[Number(path.slice(7))]!.name;
    const such = example === "" ? "" : `, such as ${example.length > 60 ? `${example.slice(0, 60)}…` : example}`;
    return { path, message: `${name} of ${count} ${count === 1 ? "row" : "rows"} ${message}${such}` };
  });
}

/** Whether every value that a column can have now passes its new rules, so that no row need be read. */
function isWider(from: Column, to: Column): boolean {
  const least = (a: number | undefined, b: number | undefined, none: number) => (a ?? none) <= (b ?? none);
  const whole = ({ precision = 38, scale = 12 }: Column) => precision - scale;
  const allowed = new Set(to.enum ?? from.enum);
  return (
    from.type === to.type &&
    from.zoned === to.zoned &&
    (from.required || !to.required) &&
    (to.minimum === undefined || to.minimum === from.minimum) &&
    (to.maximum === undefined || to.maximum === from.maximum) &&
    least(to.minLength, from.minLength, 0) &&
    least(from.maxLength, to.maxLength, Number.POSITIVE_INFINITY) &&
    (to.pattern === undefined || to.pattern === from.pattern) &&
    (to.enum === undefined || from.enum?.every((value) => allowed.has(value)) === true) &&
    (to.type === "number"
      ? whole(from) <= whole(to) && least(from.scale, to.scale, 12)
      : least(from.precision, to.precision, 6))
  );
}

/** Whether rows of before, which are not in the table any more, would fit it as well after a change. */
export function onlyWidens(from: Omit<Table, "version">, to: Omit<Table, "version">): boolean {
  const becomes = (column: Column) => to.columns.find(({ name }) => name === column.name);
  const [before, after] = [uniqueColumns(from), uniqueColumns(to)];
  return (
    from.primaryKey.join("\t") === to.primaryKey.join("\t") &&
    from.columns.every((column) => isWider(column, becomes(column) ?? { ...column, enum: [] })) &&
    after.every((name) => before.includes(name)) &&
    to.foreignKeys.every((key) => from.foreignKeys.some((other) => isSameKey(other, key)))
  );
}

/** New unique columns with repeated values, and new references to rows that do not exist. */
async function keyBreaks(db: Queries, from: Table, to: Omit<Table, "version">): Promise<Break[]> {
  const breaks: Break[] = [];
  const count = async (sql: string) => {
    const [[row]] = await db.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${sql}`);
    return Number(row?.count);
  };
  const [table, known] = [identifier(from.name), new Set(from.columns.map(({ name }) => name))];
  const before = uniqueColumns(from);
  for (const name of uniqueColumns(to)) {
    if (before.includes(name) || !known.has(name)) continue;
    const column = identifier(name);
    const repeated = await count(
      `(SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL GROUP BY ${column} HAVING COUNT(*) > 1) AS repeated`,
    );
    if (repeated === 0) continue;
    const path = `fields.${to.columns.findIndex((each) => each.name === name)}.constraints.unique`;
    breaks.push({ path, message: `${name} has ${repeated} ${repeated === 1 ? "value" : "values"} more than once` });
  }
  for (const [at, key] of to.foreignKeys.entries()) {
    if (from.foreignKeys.some((other) => isSameKey(other, key))) continue;
    if (!key.columns.every((name) => known.has(name))) continue;
    const equal = key.columns.map((name, of) => `t.${identifier(name)} = o.${identifier(key.references[of]!)}`);
    const given = key.columns.map((name) => `t.${identifier(name)} IS NOT NULL`);
    const broken = await count(
      `${table} AS t LEFT JOIN ${identifier(key.table)} AS o ON ${equal.join(" AND ")}
        WHERE ${given.join(" AND ")} AND o.${identifier(key.references[0]!)} IS NULL`,
    );
    if (broken === 0) continue;
    const message = `${broken} ${broken === 1 ? "row" : "rows"} would refer to no row of ${key.table}`;
    breaks.push({ path: `foreignKeys.${at}`, message });
  }
  return breaks;
}

const isSameKey = (a: ForeignKey, b: ForeignKey) =>
  a.table === b.table &&
  identifiers(a.columns) === identifiers(b.columns) &&
  identifiers(a.references) === identifiers(b.references);
