import type { Dialect } from "../csv/dialect.ts";
import type { FileColumn } from "../csv/infer.ts";

/** How much of a request body, or of another source, has been read, in bytes as sent; `total` is null when its size is unknown. */
export interface SentBytes {
  bytes: number;
  total: number | null;
}

/** The formats of files that are loaded: text with fields, a JSON object in each line; the bytes of workbooks and of Parquet files arrive as CSV. */
export type FileFormat = "csv" | "ndjson" | "xlsx" | "parquet";

/** The bytes of a file as they arrive. An error means that the file is incomplete. */
export interface FileBytes extends AsyncIterator<Buffer, unknown> {
  /** Changes while the file is read; absent when it is not known. */
  readonly sent?: SentBytes;
  /** CSV when absent. */
  readonly format?: FileFormat;
  /** What is known of its dialect. */
  readonly dialect?: Partial<Dialect>;
  /** Its columns, when it tells their types. Its first line then has their names. */
  readonly columns?: readonly FileColumn[];
}

/** A file whose reading can be aborted while it waits for the next bytes. */
export interface AbortableFile extends FileBytes {
  /** Makes the pending and all further reads throw `error`. */
  abort(error: Error): void;
}

export function abortable(file: FileBytes): AbortableFile {
  let stopped: Error | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  return {
    ...(file.sent && { sent: file.sent }),
    ...(file.format && { format: file.format }),
    ...(file.dialect && { dialect: file.dialect }),
    ...(file.columns && { columns: file.columns }),
    // Not `Promise.race`, which would retain every call until the end.
    next: () =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(stopped);
        giveUp = reject;
        file.next().then(resolve, reject);
      }),
    abort(error) {
      stopped ??= error;
      giveUp?.(error);
    },
  };
}
