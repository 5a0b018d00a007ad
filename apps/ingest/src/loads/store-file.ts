import { CsvReader } from "../csv/csv-reader.ts";
import { CsvSource, type FileRest } from "../csv/csv-source.ts";
import type { Dialect } from "../csv/dialect.ts";
import { type FieldOrder, namedOrder, tableOrder } from "../csv/header.ts";
import type { RecordSource } from "../csv/record.ts";
import { RowBatch } from "../csv/row-batch.ts";
import type { Reject } from "../csv/row-faults.ts";
import { tableKeys } from "../csv/row-keys.ts";
import { tableCodecs } from "../fields/codec.ts";
import { type FieldFormat, fieldFormat, tableDialect } from "../fields/field-format.ts";
import { JsonLinesSource } from "../rows/json-lines.ts";
import type { LoadMode } from "../store/store-batch.ts";
import type { Table } from "../tables/table.ts";
import { commitBatch, type FilePosition } from "./commit-batch.ts";
import type { FileFormat } from "./file-bytes.ts";
import { jsonFormat, refuseCsvOptions } from "./json-options.ts";
import type { LoadAttempt } from "./load.ts";
import type { LoadContext } from "./load-context.ts";
import { checkRejectLimit, firstRows, hopelessProblem, isHopeless, isWrong, wrongProblem } from "./reject-limit.ts";
import { settleFile } from "./settle-file.ts";

const batchBytes = 4 * 1024 * 1024;
/** How long the beginning of a file is waited for. */
const sniffMs = 200;

/**
 * Reads the rest of a file and stores it batch by batch: one batch is filled while two before it are stored, and the file is read no
 * faster than that, so that memory does not depend on its size. Returns the position of its end.
 */
export async function storeFile(
  context: LoadContext,
  attempt: LoadAttempt,
  rest: LoadRest,
  clock: { elapsedMs(): number; sent(): Pick<FilePosition, "bytesSent" | "bytesTotal">; onProgress(): void },
): Promise<FilePosition> {
  const { table } = attempt;
  const { header, map, extra } = attempt.options;
  const isJson = (attempt.progress.facts?.format ?? rest.format) === "ndjson";
  const opened = isJson ? openJson(attempt, rest) : await openCsv(context, attempt, rest);
  const { source, skipLines, width, format, ...columns } = opened;
  const names = { map, ignoreExtra: extra === "ignore", width };
  const { records } = source;
  let { fieldOrder } = columns;
  const codecs = tableCodecs(table, format);
  const newBatch = () => new RowBatch(table, { rows: context.batchRows, bytes: batchBytes }, codecs);
  const maxConcurrent = canStoreInParallel(table, attempt.options.mode) ? 2 : 1;
  let filling = newBatch();
  const spare: RowBatch[] = [];
  /** The batches being stored, in the order of the file, in which they are committed as well. */
  const storing: { batch: RowBatch; committed: Promise<void> }[] = [];
  let failure: { error: unknown } | undefined;
  let reject: Reject | undefined;
  let timer: NodeJS.Timeout | undefined;

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
    reject ??= batch.rejects[0];
    filling = spare.pop() ?? newBatch();
    const previous = storing.at(-1)?.committed ?? Promise.resolve();
    // The first of two rows with the same key must win, so batches that share a key do not run in parallel.
    const begin = storing.some((other) => other.batch.sharesKeysWith(batch)) ? previous : Promise.resolve();
    const options = { previous, ms: clock.elapsedMs() };
    const end = { ...source.position(), ...clock.sent(), fieldOrder };
    const committed = begin.then(() => commitBatch(context, attempt, batch, end, options));
    const entry = { batch, committed };
    storing.push(entry);
    committed
      .then(() => {
        clock.onProgress();
        if (isHopeless(attempt.options, attempt.progress)) throw hopelessProblem(attempt.progress, batch);
        checkRejectLimit(attempt.options, attempt.progress, context.maxListedRejects);
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
      if (storing.length > 0 || records.midLine) storeWhenSlow();
      else if (!failure) store();
    }, context.batchMs);
  };
  const takeRecord = () => {
    if (filling.add(records, records.order ?? fieldOrder, width) || records.order || header === "false") return;
    // The file may be several files concatenated, each with its own header.
    fieldOrder = [...(namedOrder(table, records, names) ?? fieldOrder)];
  };
  /** Takes the records that are there. Whether the file has ended. */
  const drain = async (): Promise<boolean> => {
    for (let found = records.next(); ; found = records.next()) {
      if (found === "end") return true;
      if (found === "more") break;
      if (records.recordLine <= skipLines) continue;
      if (found === "record") takeRecord();
      else filling.reject(records, records.faultColumn ?? "", records.fault);
      const isRejected = filling.rows === 0 && filling.rejects.length === firstRows && attempt.progress.received === 0;
      if ((filling.isFull || isRejected) && !records.midLine) {
        await waitForStoring(maxConcurrent - 1);
        store();
        if (isRejected) await waitForStoring(0);
      }
    }
    if (!filling.isEmpty) storeWhenSlow();
    return false;
  };

  try {
    while (!(await drain())) await source.fill();
    await waitForStoring(maxConcurrent - 1);
    store();
    await waitForStoring(0);
    if (reject && isWrong(attempt.options, attempt.progress)) {
      throw wrongProblem(attempt.progress, reject, table.columns.find(({ name }) => name === reject?.column)?.type);
    }
    return { ...source.position(), ...clock.sent(), fieldOrder };
  } finally {
    clearTimeout(timer);
    // Batches that are being stored when the file ends early still count.
    await Promise.allSettled(storing.map(({ committed }) => committed));
  }
}

/**
 * Whether two batches can be stored at the same time. Upserts read with locks that may cover rows of the other batch, and rows may refer
 * to rows of the batch before. In the index of a unique column, InnoDB locks the gap beside a value that exists, or that was deleted and
 * is not purged yet: the batch before would wait for such a gap, and this one for that batch to commit.
 */
function canStoreInParallel(table: Table, mode: LoadMode): boolean {
  const refersToItself = table.foreignKeys.some((key) => key.table === table.name);
  return mode !== "upsert" && !refersToItself && tableKeys(table).length === 1;
}

/** The rest of a file, and what is known of it. */
interface LoadRest extends FileRest {
  format?: FileFormat | undefined;
  dialect?: Partial<Dialect> | undefined;
}

/** The rest of a file as records, and how they are read. */
interface OpenedFile {
  source: RecordSource;
  fieldOrder: number[];
  skipLines: number;
  width: number;
  format: FieldFormat;
}

/** The rest of an NDJSON file as records. */
function openJson(attempt: LoadAttempt, rest: FileRest): OpenedFile {
  const { table, options, progress } = attempt;
  refuseCsvOptions(options);
  const columns = { map: options.map, ignoreExtra: options.extra === "ignore" };
  const source = new JsonLinesSource(table, rest, progress, columns);
  const facts = { format: "ndjson", dialect: null, confidence: null, doubts: [] };
  attempt.progress = { ...progress, facts: progress.facts ?? facts };
  const format = jsonFormat(table, options.dialect);
  return { source, fieldOrder: [...tableOrder(table)], skipLines: 0, width: table.columns.length, format };
}

/** The rest of a CSV file as records, and the order of their fields. What the file is found to be is kept with the progress. */
async function openCsv(context: LoadContext, attempt: LoadAttempt, rest: LoadRest): Promise<OpenedFile> {
  const { table, progress } = attempt;
  if (progress.bytes > 0) {
    const dialect = progress.facts?.dialect ?? tableDialect({ ...table, dialect: {} });
    const width = progress.facts?.width ?? table.columns.length;
    const reader = new CsvReader(Math.max(width, table.columns.length), { line: progress.lines + 1, dialect, width });
    const fieldOrder = progress.fieldOrder ?? [...tableOrder(table)];
    const source = new CsvSource(reader, rest, { bytes: progress.bytes, encoding: dialect.encoding });
    return { source, fieldOrder, skipLines: 0, width, format: fieldFormat(dialect) };
  }
  const waitMs = Math.min(sniffMs, context.batchMs);
  const { settled, lead, file } = await settleFile(table, attempt.options, { ...rest, known: rest }, waitMs);
  const { dialect, layout, width, confidence, doubts } = settled;
  const unnamed = Array.from({ length: width }, (_, field) => columnOf(table, layout.fieldOrder, field));
  const header = layout.header?.names ?? unnamed;
  attempt.progress = {
    ...progress,
    facts: { format: rest.format ?? "csv", dialect, width, header, confidence, doubts },
  };
  const reader = new CsvReader(Math.max(width, table.columns.length), { dialect, width });
  const source = new CsvSource(reader, { ...rest, first: lead, file }, { bytes: 0, encoding: dialect.encoding });
  const { fieldOrder, skipLines } = layout;
  return { source, fieldOrder: [...fieldOrder], skipLines, width, format: fieldFormat(dialect) };
}

/** The name of the column that is in a field; any other name for a field that is ignored. */
function columnOf(table: Table, order: FieldOrder, field: number): string {
  return table.columns[order.indexOf(field)]?.name ?? `_${field + 1}`;
}
