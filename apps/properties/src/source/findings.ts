import type { MysqlPool } from "@quintet/db";
import { select } from "../database.ts";
import type { RowOf, Statements } from "../sql/statements.ts";
import { optionalColumns } from "./source.ts";

/** What was found in a database before anything is written to it. */
export interface Finding {
  /** `refused`: the app does not start. `note`: it works, with this. `advice`: it would be faster. */
  kind: "refused" | "note" | "advice";
  text: string;
}

type Column = RowOf<"columns">;

type IndexColumn = RowOf<"index-columns">;

const needed = {
  property: ["id", "address", "city", "price", "description", "year"],
  status: ["id", "name"],
  status_history: ["id", "property_id", "status_id", "update_date"],
};

const integers = ["tinyint", "smallint", "mediumint", "int", "bigint"];
const numbers = [...integers, "decimal", "float", "double", "year"];
const texts = ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"];
/** The types that a column may have. */
const types: Record<string, string[]> = {
  "property.id": integers,
  "property.address": texts,
  "property.city": texts,
  "property.price": numbers,
  "property.description": texts,
  "property.year": [...integers, "year"],
  "status.id": integers,
  "status.name": texts,
  "status_history.id": integers,
  "status_history.property_id": integers,
  "status_history.status_id": integers,
  "status_history.update_date": ["datetime", "timestamp", "date"],
};

/** Looks at the tables of a database; changes nothing. */
export async function readFindings(pool: MysqlPool, statements: Statements): Promise<Finding[]> {
  const columns = await select(pool, statements.columns, {});
  const indexes = await select(pool, statements["index-columns"], {});
  const tables = Map.groupBy(columns, ({ tableName }) => tableName);
  const wasHere =
    tables.has("quintet_migrations") && (await select(pool, statements["earlier-version"], {})).length > 0;
  return [
    ...(wasHere ? [] : namesTaken(tables)),
    ...Object.entries(needed).flatMap(([name, columnNames]) => {
      const table = tables.get(name);
      if (!table) return [note(`There is no table \`${name}\`: it is created.`)];
      if (table[0]?.comment === "quintet") return [];
      return [
        ...missingColumns(name, table, columnNames),
        ...wrongTypes(name, table),
        ...notesOf(name, table, columnNames),
      ];
    }),
    ...missingIndexes(tables, indexes),
  ];
}

const refused = (text: string): Finding => ({ kind: "refused", text });
const note = (text: string): Finding => ({ kind: "note", text });

function namesTaken(tables: Map<string, Column[]>): Finding[] {
  return [
    "listing",
    "listing_term",
    "listing_block",
    "listing_change",
    "listing_build",
    "listing_place",
    "price_history",
    "saved_search",
    "saved_search_owner",
    "search_change",
    "search_digest",
  ]
    .filter((name) => tables.get(name)?.some(({ comment }) => comment !== "quintet"))
    .map((name) =>
      refused(
        `There is a table \`${name}\`, which is a name that this app uses for a table of its own. Rename it, or use another database.`,
      ),
    );
}

function missingColumns(name: string, table: Column[], wanted: string[]): Finding[] {
  const there = new Set(table.map((column) => column.name.toLowerCase()));
  const missing = wanted.filter((column) => !there.has(column));
  return missing.length === 0 ? [] : [refused(`The table \`${name}\` has no column ${missing.join(", ")}.`)];
}

function wrongTypes(name: string, table: Column[]): Finding[] {
  return table.flatMap((column) => {
    const allowed = types[`${name}.${column.name.toLowerCase()}`];
    if (!allowed || allowed.includes(column.type.toLowerCase())) return [];
    return [refused(`\`${name}\`.\`${column.name}\` is ${column.fullType}; it must be one of ${allowed.join(", ")}.`)];
  });
}

/** What the columns mean for reading and writing. */
function notesOf(name: string, table: Column[], wanted: string[]): Finding[] {
  const engine = table[0]?.engine ?? "";
  const known = new Set([...wanted, "label", ...optionalColumns]);
  const nullable = table.filter((column) => wanted.includes(column.name.toLowerCase()) && column.nullable === 1);
  const required = table.filter(
    ({ name, nullable, hasDefault, extra }) =>
      !known.has(name.toLowerCase()) && nullable === 0 && hasDefault === 0 && !/auto_increment|generated/i.test(extra),
  );
  const id = table.find((column) => column.name.toLowerCase() === "id");
  return [
    ...(engine.toLowerCase() === "innodb"
      ? []
      : [note(`\`${name}\` is ${engine}, which has no transactions: a write that fails may be half done.`)]),
    ...(nullable.length === 0
      ? []
      : [
          note(
            `In \`${name}\` these may be NULL: ${nullable.map((column) => column.name).join(", ")}. They are null in responses and match no filter.`,
          ),
        ]),
    ...(required.length === 0 || name === "status"
      ? []
      : [
          note(
            `\`${name}\` needs ${required.map((column) => column.name).join(", ")}, which this API cannot give: adding to it through the API is a 422.`,
          ),
        ]),
    ...(name !== "status" && id && !/auto_increment/i.test(id.extra)
      ? [note(`\`${name}\`.id is no AUTO_INCREMENT: adding to it through the API is a 422.`)]
      : []),
  ];
}

function missingIndexes(tables: Map<string, Column[]>, indexes: IndexColumn[]): Finding[] {
  const wanted = [
    ["property", "id", "CREATE UNIQUE INDEX property_id ON property (id)"],
    ["status_history", "id", "CREATE UNIQUE INDEX status_history_id ON status_history (id)"],
    [
      "status_history",
      "property_id",
      "CREATE INDEX status_history_property ON status_history (property_id, update_date, id)",
    ],
  ] as const;
  return wanted
    .filter(
      ([table, column]) =>
        tables.has(table) && !indexes.some((index) => index.tableName === table && index.name === column),
    )
    .map(([table, column, text]) => ({
      kind: "advice",
      text: `\`${table}\` has no index that begins with ${column}: each change reads the whole table. Advised: ${text};`,
    }));
}
