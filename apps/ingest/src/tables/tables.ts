import type { MysqlPool } from "@quintet/db";
import { createTable, dropTable } from "./change-tables.ts";
import { findTable, listTables, referencesTo } from "./definitions.ts";
import type { IncomingReference, Table } from "./table.ts";

/** The tables that there are, for requests: each call reads what another process has just changed. */
export interface Tables {
  /** The table with that name; `undefined` when there is none. */
  find(name: string): Promise<Table | undefined>;
  /** All tables by name. */
  list(): Promise<Table[]>;
  /** The foreign keys of all tables that refer to a table, also its own. */
  referencesTo(name: string): Promise<IncomingReference[]>;
  /** Makes a table; `false` when it is there with the same definition. Throws a 409 when it has another one. */
  create(table: Omit<Table, "version">, by: string): Promise<boolean>;
  /** Deletes a table, with its rows only if `withRows`; throws a 409 while something needs it. */
  drop(name: string, withRows: boolean): Promise<void>;
}

/** `heartbeatTimeoutMs`: a load that has not been heard of for longer does not run any more. */
export function openTables(db: MysqlPool, { heartbeatTimeoutMs }: { heartbeatTimeoutMs: number }): Tables {
  return {
    find: (name) => findTable(db, name),
    list: () => listTables(db),
    referencesTo: (name) => referencesTo(db, name),
    create: (table, by) => createTable(db, table, by),
    drop: (name, withRows) => dropTable(db, name, { withRows, heartbeatTimeoutMs }),
  };
}
