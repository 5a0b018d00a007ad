import type { InputFault } from "@quintet/http";
import type { FileRest } from "../csv/csv-source.ts";
import type { HeaderFault } from "../csv/detect-header.ts";
import type { Dialect } from "../csv/dialect.ts";
import { type SettledFile, settleDialect } from "../csv/settle-dialect.ts";
import { sniffBytes } from "../csv/sniff-dialect.ts";
import type { Table } from "../tables/table.ts";
import type { FileBytes, FileFormat } from "./file-bytes.ts";
import type { LoadOptions } from "./load.ts";
import { LoadFailed } from "./load-problem.ts";

/** What is known of a file. */
interface KnownFile {
  format?: FileFormat | undefined;
  dialect?: Partial<Dialect> | undefined;
}

/** The beginning of a file, and the file with what follows it. */
export interface Lead {
  lead: Buffer;
  /** Whether it is the whole file. */
  ended: boolean;
  file: FileBytes;
}

/**
 * Reads the beginning of a file, of which `rest.first` has been read already: 64 KiB, or less when these do not arrive within `waitMs`,
 * but at least a line.
 */
export async function readLead(rest: Pick<FileRest, "first" | "file">, waitMs: number): Promise<Lead> {
  let lead = rest.first;
  let ended = false;
  let pending: ReturnType<FileBytes["next"]> | undefined;
  const until = performance.now() + waitMs;
  while (!ended && lead.length < sniffBytes) {
    pending ??= rest.file.next();
    const hasLine = lead.includes(0x0a) || lead.includes(0x0d);
    const next = hasLine ? await inTime(pending, until - performance.now()) : await pending;
    if (next === undefined) break;
    pending = undefined;
    if (next.done) ended = true;
    else lead = Buffer.concat([lead, next.value]);
  }
  const next = (): ReturnType<FileBytes["next"]> => {
    if (ended) return Promise.resolve({ done: true, value: undefined });
    const read = pending ?? rest.file.next();
    pending = undefined;
    return read;
  };
  return { lead, ended, file: { next } };
}

/**
 * Reads the beginning of a file and settles how it is read; `known`: what is known of it. Throws a 422 when the file is refused as a
 * whole.
 */
export async function settleFile(
  table: Table,
  { map, extra, ...options }: Pick<LoadOptions, "header" | "dialect" | "map" | "extra">,
  { known = {}, ...rest }: Pick<FileRest, "first" | "file"> & { known?: KnownFile },
  waitMs: number,
): Promise<Lead & { settled: SettledFile }> {
  const read = await readLead(rest, waitMs);
  const isTyped = known.format === "parquet";
  const columns = { map, ignoreExtra: extra === "ignore" };
  const settled = settleDialect(read, table, { ...givenOf(options, known), columns, isTyped });
  if ("refusal" in settled) {
    throw new LoadFailed("unprocessable", `Nothing was stored: ${settled.refusal}.`, {
      errors: [{ path: settled.parameter, message: settled.refusal }],
    });
  }
  if ("fault" in settled) throw headerProblem(table.name, settled, isTyped);
  return { ...read, settled };
}

/** What is given of a dialect, with what is known of the file; one that tells the types of its columns has their names in its first line. */
function givenOf(
  { dialect, header }: Pick<LoadOptions, "header" | "dialect">,
  { format, dialect: known }: KnownFile,
): Pick<LoadOptions, "header"> & { given: Partial<Dialect> } {
  const given = { ...dialect, ...known };
  if (format !== "parquet") return { given, header };
  const missing = [...(known?.missing ?? []), ...(dialect.missing ?? [])];
  const byPosition = header === "false";
  return { given: { ...given, missing, skip: byPosition ? 1 : 0 }, header: byPosition ? "false" : "true" };
}

/** The result of a promise if it comes within a time. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), Math.max(0, ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function headerProblem(table: string, found: HeaderFault, isTyped: boolean): LoadFailed {
  const { unknown, missing, repeated } = found.names;
  const faults = (names: string[], message: string): InputFault[] => names.map((path) => ({ path, message }));
  const errors = [
    ...faults(unknown, `is not a column of ${table}`),
    ...faults(missing, "is missing in the header"),
    ...faults(repeated, "appears more than once"),
  ].slice(0, 100);
  const listed = errors.map(({ path, message }) => `${path} ${message}`).join("; ");
  const options =
    "map=Name:column names a column, extra=ignore leaves others out, header=false assigns the columns by position";
  if (isTyped) {
    return new LoadFailed(
      "unprocessable",
      `Nothing was stored: the columns of the file do not fit, ${listed}. ${options}.`,
      {
        errors,
      },
    );
  }
  const details: Record<HeaderFault["fault"], string> = {
    "partial header": `line ${found.line} looks like a header, but ${listed}. ${options}`,
    "no header": `header=true, but line ${found.line} is not a header: ${listed}`,
    "different order": `header=false, but line ${found.line} names the columns in a different order than the table`,
    separator: `the first line declares the separator ${JSON.stringify(found.separator)}, and delimiter= says another one`,
  };
  return new LoadFailed("unprocessable", `Nothing was stored: ${details[found.fault]}.`, {
    errors:
      found.fault === "different order" || found.fault === "separator"
        ? [{ path: "header", message: details[found.fault] }]
        : errors,
  });
}
