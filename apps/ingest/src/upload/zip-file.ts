import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { Problem, toProblem } from "@quintet/http";
import { type Entry, fromFd, type ZipFile } from "yauzl";
import type { FileBytes } from "../loads/file-bytes.ts";
import type { Expansion } from "./expansion.ts";
import { type SpooledFile, spool } from "./spool.ts";

const maxEntries = 10_000;
const stored = 0;
const deflated = 8;

/** A ZIP archive on disk, and its files, without folders and what macOS adds. */
export interface ZipArchive extends AsyncDisposable {
  entries: readonly Entry[];
  /** The bytes of a file. Throws a 400 when it is damaged, a 413 when it expands too much. */
  read(entry: Entry): AsyncGenerator<Buffer>;
}

/** Opens a ZIP archive, which is spooled first: its list of files is at its end. Throws a 400 when it is damaged. */
export async function openZip(file: FileBytes, expansion: Expansion): Promise<ZipArchive> {
  const spooled = await spool(file);
  expansion.claim()(spooled.bytes);
  try {
    const zip = await openArchive(spooled);
    const entries = await listEntries(zip);
    return { entries, read: (entry) => readEntry(zip, entry, expansion), [Symbol.asyncDispose]: () => close(spooled) };
  } catch (error) {
    await close(spooled);
    throw zipProblem(error);
  }
}

/** The only file of an archive. Throws a 422 that names the files when there are several, or when it cannot be read. */
export function onlyFile({ entries }: ZipArchive): Entry {
  const [entry, another] = entries;
  if (entry === undefined) throw unfit("The ZIP archive has no file.");
  if (another !== undefined) {
    const listed = entries.slice(0, 10).map(({ fileName }) => fileName.slice(0, 100));
    const more = entries.length > listed.length ? ` and ${entries.length - listed.length} more` : "";
    throw unfit(`The ZIP archive must have one file; it has ${listed.join(", ")}${more}.`);
  }
  return entry;
}

async function openArchive({ handle, bytes }: SpooledFile): Promise<ZipFile> {
  if (bytes === 0) throw damaged(new Error("empty"));
  const open = promisify(fromFd) as (fd: number, options: object) => Promise<ZipFile>;
  return open(handle.fd, { lazyEntries: true, autoClose: false });
}

async function listEntries(zip: ZipFile): Promise<Entry[]> {
  if (zip.entryCount > maxEntries) throw unfit(`The ZIP archive has more than ${maxEntries} files.`);
  const entries: Entry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  zip.on("error", reject);
  zip.on("end", resolve);
  zip.on("entry", (entry: Entry) => {
    if (isFile(entry.fileName)) entries.push(entry);
    zip.readEntry();
  });
  zip.readEntry();
  await promise;
  return entries;
}

function isFile(name: string): boolean {
  return !name.endsWith("/") && !name.startsWith("__MACOSX/") && !/(?:^|\/)\.DS_Store$/.test(name);
}

async function* readEntry(zip: ZipFile, entry: Entry, expansion: Expansion): AsyncGenerator<Buffer> {
  const name = entry.fileName.slice(0, 100);
  if (entry.isEncrypted()) throw unfit(`${name} is encrypted: send it without a password.`);
  if (entry.compressionMethod !== stored && entry.compressionMethod !== deflated) {
    throw unfit(`${name} is compressed by method ${entry.compressionMethod}; only deflate and stored can be read.`);
  }
  let bytes = 0;
  let sum = 0;
  try {
    const open = promisify(zip.openReadStream.bind(zip)) as (entry: Entry) => Promise<Readable>;
    for await (const chunk of (await open(entry)) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      expansion.check(bytes);
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw zipProblem(error);
  }
  // The library leaves the check to its caller.
  if (sum !== entry.crc32) throw damaged(new Error("checksum"));
}

const close = (spooled: SpooledFile) => spooled[Symbol.asyncDispose]();

/** Why an archive cannot be read. A failure of the disk is no fault of the archive. */
function zipProblem(error: unknown): Problem {
  return error instanceof Problem || (error instanceof Error && "syscall" in error) ? toProblem(error) : damaged(error);
}

function unfit(detail: string): Problem {
  return new Problem("unprocessable", detail, { errors: [{ path: "file", message: detail }] });
}

function damaged(cause: unknown): Problem {
  return new Problem("bad-request", "The file is not a valid ZIP archive: it is damaged or incomplete.", { cause });
}
