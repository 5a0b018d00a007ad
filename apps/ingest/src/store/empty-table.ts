import { inMysqlTransaction, type MysqlPool } from "@quintet/db";
import { referencesTo, type Table } from "../tables.ts";
import { mysqlErrorNumber } from "./bulk-store.ts";
import { countRows, deleteRows } from "./table-queries.ts";
import { refuseBroken } from "./whole-table.ts";

const referred = 1451;

/** Empties a table; a 409 when rows of another table refer to it, and then nothing is deleted. */
export async function emptyTable(db: MysqlPool, table: Table): Promise<void> {
  await inMysqlTransaction(db, async (connection) => {
    try {
      await deleteRows(connection, table);
    } catch (error) {
      if (mysqlErrorNumber(error) !== referred) throw error;
      const broken = referencesTo(table.name).map(async (reference) => ({
        ...reference,
        count: await countRows(connection, { name: reference.from }),
      }));
      refuseBroken(await Promise.all(broken));
      throw error;
    }
  });
}
