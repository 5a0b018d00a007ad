import { type MysqlConnection, withComment } from "@quintet/db";
import type { Connection } from "mysql2";
import { identifier, identifiers } from "../tables/quote.ts";
import type { Table } from "../tables/table.ts";

/** What the server says of a column of a result: the code of its type and its flags (MySQL protocol, "Column Definition"). */
export interface WireColumn {
  columnType: number;
  flags: number;
}

/** A row as the server sends it ("Binary Protocol Resultset Row"): the bytes of `buffer` from `offset` to `end`, valid until the next row. */
export interface WireRow {
  buffer: Buffer;
  offset: number;
  end: number;
}

/** The command of the driver that runs a prepared statement: it makes the parser of its rows when it knows their columns. */
interface ExecuteCommand {
  buildParserFromFields(columns: WireColumn[]): new () => { next(row: WireRow): void };
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/**
 * Reads all rows of a table by key as a consistent snapshot: one statement without locks reads one snapshot, independent of concurrent
 * writes. `onColumns` gets the columns once and returns what gets each row; that may return a promise, until which no more is read
 * than what has arrived. Rejects with the errors of both. After a failure rows may still be in transit, and the connection cannot be used
 * any more.
 *
 * The rows are those of a prepared statement, whose numbers and times are no text, and the driver does not parse them.
 */
export async function readStoredRows(
  { connection: driver }: MysqlConnection,
  table: Table,
  onColumns: (columns: readonly WireColumn[]) => (row: WireRow) => Promise<void> | undefined,
): Promise<void> {
  const events = driver as unknown as Connection & { stream: { pause(): void; resume(): void } };
  const names = identifiers(table.columns.map(({ name }) => name));
  const text = `SELECT ${names} FROM ${identifier(table.name)} ORDER BY ${identifiers(table.primaryKey)}`;
  const sql = withComment(text, true);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A statement gets no event when its connection breaks.
  events.once("error", reject);
  try {
    const command = events.execute({ sql }) as unknown as ExecuteCommand;
    // What these functions throw would be thrown by the socket.
    command.buildParserFromFields = (columns) => {
      let onRow: ((row: WireRow) => Promise<void> | undefined) | undefined;
      try {
        onRow = onColumns(columns);
      } catch (error) {
        reject(error);
      }
      return class {
        next(row: WireRow): void {
          try {
            const wait = onRow?.(row);
            if (!wait) return;
            // Not `pause` of the connection, which copies the rows that have arrived.
            events.stream.pause();
            wait.then(() => events.stream.resume(), reject);
          } catch (error) {
            reject(error);
          }
        }
      };
    };
    command.on("error", reject);
    command.on("end", resolve);
    await promise;
    events.unprepare(sql);
  } finally {
    events.off("error", reject);
  }
}
