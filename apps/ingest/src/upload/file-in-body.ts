import { Readable } from "node:stream";
import { mediaTypeOf, Problem } from "@quintet/http";
import { type Dialect, noValue } from "../csv/dialect.ts";
import { encodingNamed } from "../csv/encoding.ts";
import type { FileBytes, FileFormat, SentBytes } from "../loads/file-bytes.ts";
import { type Coding, codings, decompressed } from "./decompress.ts";
import { Expansion } from "./expansion.ts";
import { multipartFile } from "./multipart.ts";
import { plainFile } from "./plain-file.ts";

const csvTypes = ["text/csv", "application/csv"];
/** JSON objects in lines; neither name is registered with IANA, both are in use. */
const jsonTypes = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
const compressedTypes = [
  ...["application/gzip", "application/x-gzip", "application/zstd", "application/zip"],
  ...["application/x-zip-compressed", "application/octet-stream"],
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "application/vnd.apache.parquet",
];
const multipart = "multipart/form-data";
const acceptedTypes = [...csvTypes, multipart, ...compressedTypes, jsonTypes[0]!];

/** How the bytes of a workbook are written. */
const sheetDialect: Partial<Dialect> = {
  ...{ delimiter: ",", quote: '"', escape: null, encoding: "utf-8", lineEnd: "crlf" },
  ...{ comment: null, trailingDelimiter: false, decimal: ".", thousands: "" },
};

/** How the bytes of a Parquet file are written. */
const parquetDialect: Partial<Dialect> = {
  ...sheetDialect,
  ...{ missing: [noValue], skip: 0, trueValues: null, falseValues: null, trim: false },
};

/** The format that a file has by its name. */
function formatOf(name: string): FileFormat {
  return /\.(?:ndjson|jsonl)$/i.test(name) ? "ndjson" : "csv";
}

/**
 * The CSV or NDJSON file in a request body as its bytes arrive: the body itself, or its multipart part `file`, decompressed by its
 * Content-Encoding, and if it is itself a compressed file or a ZIP archive. Throws a 415 for any other type and a 400 for an empty
 * file. A client that disconnects is an error of the iterator. Ending the iterator early (`return`) keeps the body open, so that a
 * response can still be sent. `fields` takes the other fields of a form.
 */
export async function fileInBody(
  body: Readable,
  headers: { contentType: string | undefined; contentEncoding: string | undefined; contentLength: string | undefined },
  { fields, sheet }: { fields?: Map<string, string> | undefined; sheet?: string | undefined } = {},
): Promise<FileBytes> {
  const { contentLength } = headers;
  // Without a body its type does not matter: the file is missing.
  if (contentLength === "0") throw emptyFile();
  const type = fileType(headers.contentType);
  const coding = codingOf(headers.contentEncoding);
  const sent: SentBytes = { bytes: 0, total: contentLength === undefined ? null : Number(contentLength) };
  const count = (chunk: Buffer) => {
    sent.bytes += chunk.length;
  };
  const expansion = new Expansion();
  let file: AsyncGenerator<Buffer>;
  let filename = "";
  if (type === multipart) {
    const plain = coding ? Readable.from(decompressed(bytesOf(body, count), coding, expansion)) : body;
    const onFile = (name: string) => {
      filename = name;
    };
    file = multipartFile(plain, { contentType: headers.contentType ?? "", fields, onFile });
  } else {
    file = bytesOf(body, count);
    if (coding) file = decompressed(file, coding, expansion);
  }
  const first = withFirstBytes(file);
  // By now the body is piped; a listener of its own would start it before.
  if (type === multipart && !coding) body.on("data", count);
  const format = jsonTypes.includes(type) ? "ndjson" : undefined;
  return openFile(await first, { name: filename, sent, expansion, format, sheet: sheet ?? fields?.get("sheet") });
}

/** The file that is kept somewhere, of `bytes` bytes, as `fileInBody` returns one in a body. */
export async function storedFile(
  file: AsyncGenerator<Buffer>,
  { name, bytes, sheet }: { name: string; bytes: number; sheet: string | undefined },
): Promise<FileBytes> {
  const sent: SentBytes = { bytes: 0, total: bytes };
  const counted = async function* () {
    for await (const chunk of file) {
      sent.bytes += chunk.length;
      yield chunk;
    }
  };
  const all = counted();
  const close = () => all.return(undefined);
  try {
    return await openFile(await withFirstBytes(all), { name, sent, sheet, expansion: new Expansion(), close });
  } catch (error) {
    await close();
    throw error;
  }
}

/** The plain file in a file. `close` is called when it is no longer read. */
async function openFile(
  file: FileBytes,
  source: {
    name: string;
    sent: SentBytes;
    expansion: Expansion;
    /** By the type of the file; undefined: by its name. */
    format?: FileFormat | undefined;
    /** The sheet of a workbook. */
    sheet: string | undefined;
    close?: () => Promise<unknown>;
  },
): Promise<FileBytes> {
  const { name, sent, expansion, sheet, close } = source;
  const opened = new AsyncDisposableStack();
  opened.defer(async () => void (await close?.()));
  try {
    const inner = await plainFile(file, name, { expansion, opened, sheet });
    const plain = await withFirstBytes(inner.file);
    const format = inner.format ?? source.format ?? formatOf(inner.name);
    const dialect = { xlsx: sheetDialect, parquet: parquetDialect, csv: undefined, ndjson: undefined }[format];
    const { columns } = inner;
    const end = async () => {
      await opened.disposeAsync();
      return { done: true as const, value: undefined };
    };
    const next = () => plain.next();
    return { sent, format, ...(dialect && { dialect }), ...(columns && { columns }), next, return: end };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** The coding of a body; undefined when it has none. Throws a 415 for any other. */
function codingOf(contentEncoding = "identity"): Coding | undefined {
  const encoding = contentEncoding.trim().toLowerCase().replace(/^x-/, "");
  if (encoding === "identity") return undefined;
  const coding = codings.find((name) => name === encoding);
  if (coding) return coding;
  throw new Problem("unsupported-media-type", `Content-Encoding must be ${codings.join(", ")} or absent.`, {
    headers: { "Accept-Encoding": `${codings.join(", ")}, identity` },
  });
}

/** The charset that a media type names; undefined when it names none. */
function charsetOf(contentType: string): string | undefined {
  const [, ...parameters] = contentType.toLowerCase().split(";");
  return parameters
    .map((text) => /^charset="?([^"]*)"?$/.exec(text.trim())?.[1])
    .find((charset) => charset !== undefined);
}

/** The encoding that the type of a body declares. Programs say UTF-8 and ASCII of any text, so these two declare nothing. */
export function declaredEncoding(contentType = ""): string | undefined {
  const charset = charsetOf(contentType);
  if (charset === undefined || /^(utf-?8|us-ascii)$/.test(charset)) return undefined;
  return encodingNamed(charset);
}

/** The media type of a body. Throws a 415 for one that has no file. */
export function fileType(contentType = ""): string {
  const type = mediaTypeOf(contentType);
  const charset = charsetOf(contentType);
  const isKnown = charset === undefined || encodingNamed(charset) !== undefined;
  const fits = csvTypes.includes(type)
    ? isKnown
    : jsonTypes.includes(type) && declaredEncoding(contentType) === undefined && isKnown;
  if (type === multipart || compressedTypes.includes(type) || fits) return type;
  throw new Problem(
    "unsupported-media-type",
    `Content-Type must be ${csvTypes.join(", ")} (with a known charset or none), ${jsonTypes[0]} (in UTF-8), the type of a Parquet file, a workbook or a compressed file, or ${multipart} with a part "file".`,
    { headers: { Accept: acceptedTypes.join(", ") } },
  );
}

/** The bytes of a stream, which stays open if they are not read to the end. */
export async function* bytesOf(stream: Readable, onChunk: (chunk: Buffer) => void = () => {}): AsyncGenerator<Buffer> {
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    onChunk(chunk);
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** Reads the first bytes of a file, so that an empty file is refused before a load is created. */
async function withFirstBytes(file: FileBytes): Promise<FileBytes> {
  const read = async () => {
    try {
      return await file.next();
    } catch (error) {
      throw readProblem(error);
    }
  };
  let first = await read();
  while (!first.done && first.value.length === 0) first = await read();
  if (first.done) throw emptyFile();
  let held: Buffer | undefined = first.value;
  return {
    next: async () => {
      if (held === undefined) return read();
      const value = held;
      held = undefined;
      return { done: false, value };
    },
  };
}

function emptyFile(): Problem {
  return new Problem("bad-request", "The file is empty.");
}

/** Why reading a file failed: it is invalid, or the client disconnected. */
function readProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem("bad-request", "The file ended early: the upload was aborted.", { cause: error });
}
