import type { Break } from "./breaks.ts";
import { changeTable, putTable } from "./change-tables.ts";
import { findTable, listTables, referencesTo, stateOf } from "./definitions.ts";
import { dropTable } from "./drop-table.ts";
import { finishChangeOf } from "./finish-change.ts";
import type { IncomingReference, Table } from "./table.ts";
import type { Stores } from "./table-state.ts";

/** The tables that there are, for requests: each call reads what another process has just changed. */
export interface Tables {
  /** The table with that name; `undefined` when there is none. */
  find(name: string): Promise<Table | undefined>;
  /** All tables by name. */
  list(): Promise<Table[]>;
  /** The foreign keys of all tables that refer to a table, also its own. */
  referencesTo(name: string): Promise<IncomingReference[]>;
  /** Makes a table, also when it has been made like this already. Throws a 422 when there is another one of that name. */
  create(table: Omit<Table, "version">, by: string): Promise<boolean>;
  /** Makes a table, or changes the one of that name; whether it was made. Throws a 409 when rows do not fit. */
  put(table: Omit<Table, "version">, by: string): Promise<boolean>;
  /** Changes a table as it was read. Returns what would break: then, and in a dry run, nothing is changed. */
  change(read: Table, table: Omit<Table, "version">, options: { dryRun: boolean }): Promise<Break[]>;
  /** Deletes a table, with its rows only if `withRows`; throws a 409 while something needs it. */
  drop(name: string, withRows: boolean): Promise<void>;
}

export function openTables(stores: Stores): Tables {
  const { db } = stores;
  return {
    find: async (name) => {
      const state = await stateOf(db, name);
      if (state !== undefined && state !== "ready" && state !== "dropped") await finishChangeOf(stores, name);
      return findTable(db, name);
    },
    list: () => listTables(db),
    referencesTo: (name) => referencesTo(db, name),
    create: (table, by) => putTable(stores, table, by, { onlyNew: true }),
    put: (table, by) => putTable(stores, table, by, { onlyNew: false }),
    change: (read, table, options) => changeTable(stores, read, table, options),
    drop: (name, withRows) => dropTable(stores, name, withRows),
  };
}
