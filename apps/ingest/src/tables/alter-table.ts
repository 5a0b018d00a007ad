import type { MysqlConnection } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { rowFields } from "../csv/load-data-format.ts";
import { fieldCodec } from "../fields/codec.ts";
import { tableFormat } from "../fields/field-format.ts";
import { columnType, foreignKeyPart, ownColumns, uniqueColumns } from "./ddl.ts";
import { identifier, identifiers, literal } from "./quote.ts";
import { beforeName, type Column, type ForeignKey, loadOfColumn, stagedName, type Table } from "./table.ts";

type Definition = Omit<Table, "version">;

/** A change of a definition. `referred`: the types in the database of columns that refer to another table after it. */
export interface TableChange {
  from: Definition;
  to: Definition;
  referred: ReadonlyMap<string, string>;
}

/**
 * Changes a table to a new definition in one statement, which MySQL does or does not do as a whole. Compares with what is there, so that
 * it can be repeated after a process was killed.
 */
export async function alterTable(connection: MysqlConnection, change: TableChange): Promise<void> {
  await alter(connection, change, { name: change.to.name, load: [], isTable: true });
}

/**
 * Changes the tables beside a table that has been changed. No rows are staged, because no load that was begun before can go on. A table
 * without rows may have become any other one: what its rows were before their loads is forgotten. Returns whether it was.
 */
export async function alterBeside(connection: MysqlConnection, change: TableChange): Promise<boolean> {
  const { name } = change.to;
  await connection.query(`TRUNCATE TABLE ${identifier(stagedName(name))}`);
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT 1 FROM ${identifier(name)} LIMIT 1`);
  if (rows.length === 0) await connection.query(`TRUNCATE TABLE ${identifier(beforeName(name))}`);
  await alter(connection, change, { name: stagedName(name), load: [loadOfColumn], isTable: false });
  await alter(connection, change, { name: beforeName(name), load: [loadOfColumn], isTable: false, keepsAll: true });
  return rows.length === 0;
}

interface Target {
  name: string;
  /** What precedes the columns of its keys. */
  load: readonly string[];
  isTable: boolean;
  /** Rows of before need not pass the rules of now. */
  keepsAll?: boolean;
}

async function alter(connection: MysqlConnection, { from, to, referred }: TableChange, target: Target): Promise<void> {
  const { name, load, isTable, keepsAll = false } = target;
  const there = await describe(connection, name);
  const parts: string[] = [];
  const added: string[] = [];
  const types = isTable ? referred : new Map<string, string>();
  const definition = (table: Definition, column: Column) => {
    const required = table.primaryKey.includes(column.name) || (column.required && !keepsAll);
    return `${types.get(column.name) ?? columnType(column)} ${required ? "NOT NULL" : "NULL"}`;
  };
  for (const column of to.columns) {
    const now = definition(to, column);
    const before = from.columns.find((each) => each.name === column.name);
    if (!there.columns.has(column.name)) {
      const value = defaultValue(column);
      if (value !== undefined) added.push(column.name);
      parts.push(
        `ADD COLUMN ${identifier(column.name)} ${now}${value === undefined ? "" : ` DEFAULT (${literal(value)})`}`,
      );
    } else if (!before || definition(from, before) !== now || (types.has(column.name) && !refers(from, column))) {
      parts.push(`MODIFY COLUMN ${identifier(column.name)} ${now}`);
    }
  }
  const names = new Set([...to.columns.map((column) => column.name), ...ownColumns]);
  const key = [...load, ...to.primaryKey];
  if (there.primaryKey.join("\t") !== key.join("\t")) {
    parts.push("DROP PRIMARY KEY", `ADD PRIMARY KEY (${identifiers(key)})`);
  }
  if (!keepsAll) {
    const unique = uniqueColumns(to);
    for (const column of unique) {
      if (!there.unique.has(column)) {
        parts.push(`ADD UNIQUE KEY ${identifier(column)} (${identifiers([...load, column])})`);
      }
    }
    for (const column of there.unique) if (!unique.includes(column)) parts.push(`DROP KEY ${identifier(column)}`);
  }
  if (isTable) parts.push(...referenceParts(to, there.references));
  for (const column of there.columns) if (!names.has(column)) parts.push(`DROP COLUMN ${identifier(column)}`);
  if (parts.length > 0) await connection.query(`ALTER TABLE ${identifier(name)} ${parts.join(", ")}`);
  // Only the rows of before get the value: files that lack the column get it from the definition.
  const reset = added.map((column) => `ALTER COLUMN ${identifier(column)} DROP DEFAULT`);
  if (reset.length > 0) await connection.query(`ALTER TABLE ${identifier(name)} ${reset.join(", ")}`);
}

const refers = (table: Definition, { name }: Column) => table.foreignKeys.some(({ columns }) => columns.includes(name));

function referenceParts(to: Definition, there: ReadonlyMap<string, string>): string[] {
  const wanted = new Map(to.foreignKeys.map((key) => [referenceText(key), key]));
  const parts = [...there]
    .filter(([, text]) => !wanted.has(text))
    .map(([name]) => `DROP FOREIGN KEY ${identifier(name)}`);
  const missing = [...wanted].filter(([text]) => ![...there.values()].includes(text));
  let number = 0;
  for (const [, key] of missing) {
    do number++;
    while (there.has(`_${to.name}_${number}`));
    parts.push(`ADD ${foreignKeyPart(to.name, key, number)}`);
  }
  return parts;
}

const referenceText = ({ columns, table, references }: ForeignKey) => JSON.stringify([columns, table, references]);

/** The value of a column's default as it is stored; undefined when there is none. */
function defaultValue(column: Column): string | undefined {
  if (column.default === undefined) return undefined;
  const { absent } = fieldCodec(column, tableFormat({ missingValues: [] }));
  return Buffer.isBuffer(absent) ? (rowFields(absent.toString())[0] ?? undefined) : undefined;
}

/** What the database has of a table. */
interface Described {
  columns: ReadonlySet<string>;
  primaryKey: readonly string[];
  /** The names of unique keys, which are those of their columns. */
  unique: ReadonlySet<string>;
  /** The foreign keys by their names. */
  references: ReadonlyMap<string, string>;
}

async function describe(connection: MysqlConnection, name: string): Promise<Described> {
  const read = async (sql: string) => {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, values: [name], rowsAsArray: true });
    return rows as unknown as string[][];
  };
  const columns = await read(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
  );
  const keys = await read(
    `SELECT index_name, column_name FROM information_schema.statistics
      WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0 ORDER BY index_name, seq_in_index`,
  );
  const references = await read(
    `SELECT constraint_name, column_name, referenced_table_name, referenced_column_name
      FROM information_schema.key_column_usage
      WHERE table_schema = DATABASE() AND table_name = ? AND referenced_table_name IS NOT NULL
      ORDER BY constraint_name, ordinal_position`,
  );
  const byName = new Map<string, { columns: string[]; table: string; references: string[] }>();
  for (const [constraint = "", column = "", table = "", referenced = ""] of references) {
    const key = byName.get(constraint) ?? { columns: [], table, references: [] };
    key.columns.push(column);
    key.references.push(referenced);
    byName.set(constraint, key);
  }
  return {
    columns: new Set(columns.map(([column = ""]) => column)),
    primaryKey: keys.filter(([key]) => key === "PRIMARY").map(([, column = ""]) => column),
    unique: new Set(keys.filter(([key]) => key !== "PRIMARY").map(([key = ""]) => key)),
    references: new Map([...byName].map(([constraint, key]) => [constraint, referenceText(key)])),
  };
}
