import { testMysql } from "@quintet/db/testing";
import mysql2, { type FieldPacket } from "mysql2";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { migrate } from "../src/migrate.ts";
import type { Search } from "../src/search/search-request.ts";
import { searchStatements } from "../src/search/search-statements.ts";
import { sorts } from "../src/search/sort-orders.ts";
import { optionalColumns } from "../src/source/source.ts";
import { fill, readStatements, type StatementName, withLines } from "../src/sql/statements.ts";
import { makeTables } from "./team-database.ts";

/** The optional lines by which the columns of a statement differ, or which it cannot be prepared without. */
const lines: Partial<Record<StatementName, string[][]>> = {
  "read-terms": [["ascending"]],
  statistics: [
    ["city", "only"],
    ["year", "only"],
  ],
};
/** What has columns but is only a part of other statements. */
const partsOnly: StatementName[] = ["slice", "slice-of-price", "source-rows", "source-places"];

const sourceLines = ["block", "rooms", "area", "type"];

const statements = readStatements();
const names = (Object.keys(statements) as StatementName[]).sort();
const optional = withLines(statements["optional-columns"], new Set(optionalColumns));
const { Types } = mysql2;
const [notNull, binaryCharset] = [1, 63];

let database: Awaited<ReturnType<typeof testMysql>>;
let connection: mysql2.Connection;

beforeAll(async () => {
  database = await testMysql(inject("mysqlUrl"));
  // A team's tables: all may be null there but the ids.
  await makeTables(database.url, { more: ", rooms INT, area DECIMAL(8, 2), type VARCHAR(40), lat DOUBLE, lon DOUBLE" });
  await migrate({ MYSQL_URL: database.url });
  connection = mysql2.createConnection(database.url);
});
afterAll(async () => {
  connection.destroy();
  await database[Symbol.asyncDispose]();
});

/** The columns of a statement as the server describes them when it prepares it; none for what has no rows. */
function columnsOf(text: string): Promise<FieldPacket[]> {
  const sql = fill(text, { index: "", groups: "l.year", distance: statements.distance })
    .replaceAll(/\{\w+\}/g, "?")
    .replaceAll(/:\w+/g, "?");
  return new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      // The driver's types leave the columns out.
      if (error) reject(new Error(`${error.message}: ${sql}`));
      else resolve((statement as unknown as { columns: FieldPacket[] }).columns);
    });
  });
}

/** The texts of a statement whose columns may have different types; none for what has no rows. */
function textsOf(name: StatementName): string[] {
  if (partsOnly.includes(name) || !statements[name].startsWith("SELECT")) return [];
  const searches = searchStatements(statements);
  const search: Search = { cities: [], types: [], statusIds: [1, 2], words: [], sort: "id", after: undefined };
  const sorted = sorts.filter((sort) => sort !== "distance").map((sort): Search => ({ ...search, sort }));
  const nearest: Search = { ...search, sort: "distance", place: { boxes: [], circle: { lat: 0, lon: 0, km: 1 } } };
  switch (name) {
    case "page":
    case "walk":
      return sorted.map((one) => searches[name](one, 1).text);
    case "keys":
    case "rows":
      return [...sorted, nearest].map((one) => searches[name](one, [1]).text);
    case "of-price":
      return [searches.ofPrice(search, 1).text];
    case "differences":
      return [fill(statements[name], { rows: withLines(statements["source-rows"], new Set(sourceLines)) })];
    case "place-differences":
      return [fill(statements[name], { places: withLines(statements["source-places"], new Set(["block"])) })];
    default:
      return (lines[name] ?? [[]]).map((chosen) => withLines(statements[name], new Set(chosen)));
  }
}

const numbers: (number | undefined)[] = [
  Types.TINY,
  Types.SHORT,
  Types.INT24,
  Types.LONG,
  Types.LONGLONG,
  Types.YEAR,
  Types.FLOAT,
  Types.DOUBLE,
  Types.DECIMAL,
  Types.NEWDECIMAL,
];
const dates: (number | undefined)[] = [Types.DATE, Types.DATETIME, Types.TIMESTAMP];

/** The types of the values that the driver makes of a column, as its pool is configured. */
function typesOf({ columnType, characterSet, flags }: FieldPacket): string[] {
  const isNullable = (Number(flags) & notNull) === 0;
  if (columnType === Types.NULL) return ["null"];
  const type = numbers.includes(columnType)
    ? "number"
    : dates.includes(columnType)
      ? "Date"
      : characterSet === binaryCharset
        ? "Buffer"
        : "string";
  return isNullable ? [type, "null"] : [type];
}

/** A row as a type, null without columns. A column has all types that it has in any text of the statement, and may be missing in some. */
async function rowType(name: StatementName): Promise<string> {
  const all = new Map<string, Set<string>>();
  const texts = textsOf(name).flatMap((text) => [
    ...new Set(["", optional].map((columns) => fill(text, { optional: columns }))),
  ]);
  const rows: string[][] = [];
  for (const text of texts) {
    const columns = await columnsOf(text);
    rows.push(columns.map((column) => column.name));
    for (const column of columns) {
      all.set(column.name, (all.get(column.name) ?? new Set()).union(new Set(typesOf(column))));
    }
  }
  const order = ["number", "string", "Date", "Buffer", "null"];
  return objectType(
    [...all].map(([column, types]) => [
      rows.every((row) => row.includes(column)) ? column : `${column}?`,
      order.filter((type) => types.has(type)).join(" | "),
    ]),
    "null",
  );
}

/** The parameters that a statement needs whatever lines are chosen, as a type. */
function valuesType(name: StatementName): string {
  const text = withLines(statements[name], new Set());
  const parameters = new Set([...text.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter!));
  return objectType(
    [...parameters].sort().map((parameter) => [parameter, "Value"]),
    "unknown",
  );
}

function objectType(fields: [string, string][], none: string): string {
  if (fields.length === 0) return none;
  return `{\n${fields.map(([name, type]) => `      ${name}: ${type};\n`).join("")}    }`;
}

const keyOf = (name: string) => (/^\w+$/.test(name) ? name : `"${name}"`);

test("the types of the statements are those that a database says of them", async () => {
  const types: string[] = [];
  for (const name of names) {
    types.push(`  ${keyOf(name)}: {\n    row: ${await rowType(name)};\n    values: ${valuesType(name)};\n  };\n`);
  }
  const text = `// Generated by \`npm run sql:types\` from the statements in this folder and a database. A test compares them.

/** A value that is bound to a parameter. */
export type Value = string | number | Date | Buffer | null;

/** The columns of each statement, null for one without rows, and the parameters that it needs, apart from those of optional lines and parts. */
export interface StatementTypes {
${types.join("")}}
`;
  await expect(text).toMatchFileSnapshot("../src/sql/statement-types.ts");
});
