import { Problem } from "@quintet/http";
import type { FileBytes } from "../loads/file-bytes.ts";
import { type Coding, decompressed } from "./decompress.ts";
import type { Expansion } from "./expansion.ts";
import { parquetAsCsv } from "./parquet/parquet-csv.ts";
import { spool } from "./spool.ts";
import { sheetAsCsv, workbookEntry } from "./workbook.ts";
import { onlyFile, openZip } from "./zip-file.ts";

/** The formats of files that are recognised by their first bytes; any other file is text. */
type Signature = { name: Coding | "zip" | "parquet" | "oldWorkbook"; bytes: readonly number[] };
const signatures: readonly Signature[] = [
  { name: "gzip", bytes: [0x1f, 0x8b, 0x08] },
  { name: "zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  // A skippable frame of Zstandard, with which pzstd begins; the first byte is 0x50 to 0x5f.
  ...Array.from({ length: 16 }, (_, n) => ({ name: "zstd" as const, bytes: [0x50 + n, 0x2a, 0x4d, 0x18] })),
  { name: "zip", bytes: [0x50, 0x4b, 0x03, 0x04] },
  { name: "zip", bytes: [0x50, 0x4b, 0x05, 0x06] },
  { name: "parquet", bytes: [0x50, 0x41, 0x52, 0x31] },
  // An OLE2 file: a workbook of Excel 97, or one with a password.
  { name: "oldWorkbook", bytes: [0xd0, 0xcf, 0x11, 0xe0] },
];
const longestSignature = 4;
/** `.csv.gz` in a ZIP archive has two. */
const maxLayers = 2;

/** A file of text, with its name; `format`: what it was before, if it has become CSV. */
interface PlainFile {
  file: FileBytes;
  name: string;
  format?: "xlsx" | "parquet";
  columns?: FileBytes["columns"];
}

/**
 * The file in a compressed file or a ZIP archive, or as CSV the sheet `sheet` of a workbook or a Parquet file, recognised by its first
 * bytes; Brotli, which has no such bytes, by its name. Any other file is returned as it is. What is held open for it is added to `opened`.
 */
export async function plainFile(
  file: FileBytes,
  name: string,
  { expansion, opened, sheet }: { expansion: Expansion; opened: AsyncDisposableStack; sheet: string | undefined },
): Promise<PlainFile> {
  let plain = file;
  for (let layers = 0, inner = name; ; layers++) {
    const { lead, whole } = await withLead(plain);
    plain = whole;
    const found = signatureOf(lead) ?? (inner.toLowerCase().endsWith(".br") ? "br" : undefined);
    if (found === undefined) return { file: plain, name: inner };
    if (found === "oldWorkbook") throw oldWorkbook();
    if (layers === maxLayers)
      throw new Problem("unprocessable", `The file is compressed more than ${maxLayers} times.`);
    if (found === "parquet") {
      const { columns, bytes } = await parquetAsCsv(opened.use(await spool(plain)), expansion);
      return { file: bytes, name: inner, format: "parquet", columns };
    }
    if (found === "zip") {
      const zip = opened.use(await openZip(plain, expansion));
      if (zip.entries.some(({ fileName }) => fileName === workbookEntry)) {
        return { file: sheetAsCsv(zip, sheet), name: inner, format: "xlsx" };
      }
      const entry = onlyFile(zip);
      plain = zip.read(entry);
      inner = entry.fileName;
    } else {
      const bytes = decompressed(plain, found, expansion);
      opened.defer(async () => void (await bytes.return(undefined)));
      plain = bytes;
      inner = inner.replace(/\.\w+$/, "");
    }
  }
}

function oldWorkbook(): Problem {
  return new Problem(
    "unsupported-media-type",
    "The file is a workbook of Excel 97, or has a password: send it as .xlsx without a password, or as CSV.",
  );
}

function signatureOf(lead: Buffer): Signature["name"] | undefined {
  return signatures.find(({ bytes }) => bytes.every((byte, at) => lead[at] === byte))?.name;
}

/** The first bytes of a file, as many as a signature can have, and the whole file. */
async function withLead(file: FileBytes): Promise<{ lead: Buffer; whole: FileBytes }> {
  let lead: Buffer = Buffer.alloc(0);
  let ended = false;
  while (!ended && lead.length < longestSignature) {
    const next = await file.next();
    if (next.done) ended = true;
    else lead = lead.length === 0 ? next.value : Buffer.concat([lead, next.value]);
  }
  let held: Buffer | undefined = lead;
  return {
    lead,
    whole: {
      next: async () => {
        if (held !== undefined && held.length > 0) {
          const value = held;
          held = undefined;
          return { done: false, value };
        }
        return ended ? { done: true, value: undefined } : file.next();
      },
    },
  };
}
