import { defaultFraction, defaultPrecision, defaultScale } from "../fields/field-faults.ts";
import { identifier, identifiers, literal } from "./quote.ts";
import { beforeName, type Column, type ForeignKey, loadColumn, loadOfColumn, stagedName, type Table } from "./table.ts";

/** The comment of every table that this service has made: no other table is ever dropped. */
export const ownComment = "Quintet ingest";

/** Longer texts, and those without a limit, are not stored in the row. */
const maxVarchar = 2000;

/** The columns of a table and of those beside it that no definition has. */
export const ownColumns: readonly string[] = [loadColumn, loadOfColumn];

/** The names of the columns with a unique key of their own, which has the same name. */
export function uniqueColumns({ columns, primaryKey }: Omit<Table, "version">): string[] {
  return columns
    .filter(({ name, unique }) => unique && !(primaryKey.length === 1 && primaryKey[0] === name))
    .map(({ name }) => name);
}

/** A foreign key in DDL; `number` tells it from others of the table. No column's name begins with "_", so that no unique key has this name. */
export function foreignKeyPart(table: string, key: ForeignKey, number: number): string {
  return `CONSTRAINT ${identifier(`_${table}_${number}`)} FOREIGN KEY (${identifiers(key.columns)})
    REFERENCES ${identifier(key.table)} (${identifiers(key.references)})`;
}

/** The type in the database of a column. */
export function columnType({ type, precision, scale, maxLength }: Column): string {
  switch (type) {
    case "integer":
      return "BIGINT";
    case "number":
      return `DECIMAL(${precision ?? defaultPrecision}, ${scale ?? defaultScale})`;
    case "boolean":
      return "BOOLEAN";
    case "date":
      return "DATE";
    case "time":
      return `TIME(${precision ?? defaultFraction})`;
    case "datetime":
      return `DATETIME(${precision ?? defaultFraction})`;
    case "uuid":
      return "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin";
    case "json":
      return "LONGTEXT";
    default:
      return maxLength !== undefined && maxLength <= maxVarchar ? `VARCHAR(${maxLength})` : "MEDIUMTEXT";
  }
}

/**
 * The statements that make a table, the one of its staged rows and the one of its rows as they were before a load. `referred`: the type
 * in the database of columns that refer to another table, which is that of the other column.
 */
export function createStatements(
  table: Omit<Table, "version">,
  referred: ReadonlyMap<string, string> = new Map(),
): string[] {
  const { name, primaryKey } = table;
  const columns = table.columns.map((column) => {
    const required = column.required || primaryKey.includes(column.name);
    return `${identifier(column.name)} ${referred.get(column.name) ?? columnType(column)} ${required ? "NOT NULL" : "NULL"}`;
  });
  const hidden = `${identifier(loadColumn)} BIGINT NULL INVISIBLE`;
  const unique = uniqueColumns(table).map(identifier);
  const references = table.foreignKeys.map((key, at) => foreignKeyPart(name, key, at + 1));
  const make = (as: string, parts: readonly string[]) =>
    `CREATE TABLE ${identifier(as)} (${parts.join(", ")}) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
      COLLATE = utf8mb4_bin COMMENT = ${literal(ownComment)}`;
  const key = identifiers(primaryKey);
  const uniqueKeys = unique.map((column) => `UNIQUE KEY ${column} (${column})`);
  const uniquePerLoad = unique.map((column) => `UNIQUE KEY ${column} (${loadOfColumn}, ${column})`);
  const ofLoad = [`${loadOfColumn} BIGINT NOT NULL`, ...columns];
  return [
    make(name, [...columns, hidden, `PRIMARY KEY (${key})`, ...uniqueKeys, ...references]),
    make(stagedName(name), [...ofLoad, `PRIMARY KEY (${loadOfColumn}, ${key})`, ...uniquePerLoad]),
    make(beforeName(name), [...ofLoad, hidden, `PRIMARY KEY (${loadOfColumn}, ${key})`]),
  ];
}
