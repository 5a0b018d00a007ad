import type { MysqlPool } from "@quintet/db";
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
}

export function openTables(db: MysqlPool): Tables {
  return {
    find: (name) => findTable(db, name),
    list: () => listTables(db),
    referencesTo: (name) => referencesTo(db, name),
  };
}
