import type { Hash } from "node:crypto";
import { CsvReader } from "../csv/csv-reader.ts";
import { namedOrder, tableOrder } from "../csv/header.ts";
import { RowBatch } from "../csv/row-batch.ts";
import { commitBatch, type FilePosition } from "./commit-batch.ts";
import type { FileBytes } from "./file-bytes.ts";
import type { LoadAttempt } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { readHeader } from "./read-header.ts";
import { checkRejectLimit } from "./reject-limit.ts";

const batchBytes = 4 * 1024 * 1024;

/** The part of a file that is not stored yet. */
export interface FileRest {
  /** Bytes that have been read already. */
  first: Buffer;
  /** The bytes that follow them. */
  file: FileBytes;
  /** The hash of the bytes before them. */
  hash: Hash;
}

/**
 * Reads the rest of a file and stores it batch by batch: one batch is filled while two before it are stored, and the file is read no
 * faster than that, so that memory does not depend on its size. Returns the position of its end.
 */
export async function storeFile(
  context: LoadContext,
  attempt: LoadAttempt,
  { first, file, hash }: FileRest,
  clock: { elapsedMs(): number; onProgress(): void },
): Promise<FilePosition> {
  const { table } = attempt;
  const { header } = attempt.options;
  const resumed = attempt.progress.bytes > 0;
  const reader = new CsvReader(table.columns.length, resumed ? { line: attempt.progress.lines + 1 } : undefined);
  const newBatch = () => new RowBatch(table, { rows: context.batchRows, bytes: batchBytes });
  // The max number of batches stored in parallel. Upserts read with locks that may cover rows of the other batch.
  const maxConcurrent = attempt.options.mode === "upsert" ? 1 : 2;
  let { bytes } = attempt.progress;
  let fieldOrder = attempt.progress.fieldOrder ?? [...tableOrder(table)];
  let skipLines = 0;
  let filling = newBatch();
  const spare: RowBatch[] = [];
  /** The batches being stored, in the order of the file, in which they are committed as well. */
  const storing: { batch: RowBatch; committed: Promise<void> }[] = [];
  let failure: { error: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const countRead = () => {
    const read = reader.takeConsumed();
    hash.update(read);
    bytes += read.length;
  };
  const position = (): FilePosition => {
    countRead();
    return { bytes, lines: reader.line - 1, digest: hash.copy().digest("hex"), fieldOrder };
  };
  /** Waits until at most `max` batches are being stored. */
  const waitForStoring = async (max: number) => {
    while (storing.length > max) await storing[0]?.committed.catch(() => {});
    if (failure) throw failure.error;
  };
  /** Starts to store the filled batch. */
  const store = () => {
    clearTimeout(timer);
    timer = undefined;
    if (filling.isEmpty) return;
    const batch = filling;
    filling = spare.pop() ?? newBatch();
    const previous = storing.at(-1)?.committed ?? Promise.resolve();
    // The first of two rows with the same id must win, so batches that share an id do not run in parallel.
    const begin = storing.some((other) => other.batch.sharesIdsWith(batch)) ? previous : Promise.resolve();
    const options = { previous, ms: clock.elapsedMs() };
    const end = position();
    const committed = begin.then(() => commitBatch(context, attempt, batch, end, options));
    const entry = { batch, committed };
    storing.push(entry);
    committed
      .then(() => {
        clock.onProgress();
        checkRejectLimit(attempt.options, attempt.progress);
      })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        storing.splice(storing.indexOf(entry), 1);
        batch.clear();
        spare.push(batch);
      });
  };
  const storeWhenSlow = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (storing.length > 0 || reader.midLine) storeWhenSlow();
      else if (!failure) store();
    }, context.batchMs);
  };
  const takeRecord = () => {
    if (filling.add(reader, fieldOrder) || header === "false") return;
    // The file may be several files concatenated, each with its own header.
    fieldOrder = [...(namedOrder(table, reader) ?? fieldOrder)];
  };
  const drain = async () => {
    for (let found = reader.next(); found !== "more" && found !== "end"; found = reader.next()) {
      if (reader.recordLine <= skipLines) continue;
      if (found === "record") takeRecord();
      else filling.reject(reader, "", reader.fault);
      if (filling.isFull && !reader.midLine) {
        await waitForStoring(maxConcurrent - 1);
        store();
      }
    }
    if (!filling.isEmpty) storeWhenSlow();
  };

  try {
    let chunk = first;
    if (!resumed) {
      const { layout, lead } = await readHeader(table, header, first, file);
      fieldOrder = [...layout.fieldOrder];
      skipLines = layout.skipLines;
      chunk = lead;
    }
    for (;;) {
      countRead();
      reader.push(chunk);
      await drain();
      const next = await file.next();
      if (next.done) break;
      chunk = next.value;
    }
    reader.end();
    await drain();
    await waitForStoring(maxConcurrent - 1);
    store();
    await waitForStoring(0);
    return position();
  } finally {
    clearTimeout(timer);
    // Batches that are being stored when the file ends early still count.
    await Promise.allSettled(storing.map(({ committed }) => committed));
  }
}
