import { finished, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { mediaTypeOf, Problem } from "@quintet/http";
import type { FileBytes, SentBytes } from "../loads/file-bytes.ts";
import { multipartFile } from "./multipart.ts";

const csvTypes = ["text/csv", "application/csv"];
const multipart = "multipart/form-data";

/**
 * The CSV file in a request body as its bytes arrive: the body itself, or its multipart part `file`, decompressed if it is gzip.
 * Throws a 415 for any other type and a 400 for an empty file. A client that disconnects is an error of the iterator; ending the
 * iterator early keeps the body open, so that a response can still be sent. `fields` takes the other fields of a form.
 */
export async function csvFile(
  body: Readable,
  headers: { contentType: string | undefined; contentEncoding: string | undefined; contentLength: string | undefined },
  fields?: Map<string, string>,
): Promise<FileBytes> {
  // Without a body its type does not matter: the file is missing.
  if (headers.contentLength === "0") throw emptyFile();
  const type = fileType(headers.contentType);
  const encoding = (headers.contentEncoding ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip") {
    throw new Problem("unsupported-media-type", "Content-Encoding must be gzip or absent.", {
      headers: { "Accept-Encoding": "gzip, identity" },
    });
  }
  const plain = encoding === "gzip" ? gunzipped(body) : body;
  const { contentLength } = headers;
  const sent: SentBytes = { bytes: 0, total: contentLength === undefined ? null : Number(contentLength) };
  const count = (chunk: Buffer) => {
    sent.bytes += chunk.length;
  };
  if (plain === body && type !== multipart) return withFirstBytes(bytesOf(plain, count), sent);
  const file = type === multipart ? multipartFile(plain, headers.contentType ?? "", fields) : bytesOf(plain);
  const counted = withFirstBytes(file, sent);
  // By now the body is piped; a listener of its own would start it before.
  body.on("data", count);
  return counted;
}

function fileType(contentType = ""): string {
  const type = mediaTypeOf(contentType);
  const [, ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith("charset="));
  const utf8 = charset === undefined || /^charset="?(utf-?8|us-ascii)"?$/.test(charset);
  if (type === multipart || (csvTypes.includes(type) && utf8)) return type;
  throw new Problem(
    "unsupported-media-type",
    `Content-Type must be ${csvTypes.join(", ")} (in UTF-8) or ${multipart} with a part "file".`,
    { headers: { Accept: [...csvTypes, multipart].join(", ") } },
  );
}

/** The bytes of a stream, which stays open if they are not read to the end. */
async function* bytesOf(stream: Readable, onChunk: (chunk: Buffer) => void = () => {}): AsyncGenerator<Buffer> {
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    onChunk(chunk);
    yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

/** The decompressed body. Not `pipeline`, which would close the connection before the response if the body is not gzip. */
function gunzipped(body: Readable): Readable {
  const plain = createGunzip();
  finished(body, { writable: false }, (error) => {
    if (error) plain.destroy(error);
  });
  return body.pipe(plain);
}

/** Reads the first bytes of a file, so that an empty file is refused before a load is created. */
async function withFirstBytes(file: FileBytes, sent: SentBytes): Promise<FileBytes> {
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
    sent,
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
  const badGzip = error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
  return new Problem(
    "bad-request",
    badGzip ? "The body is not valid gzip." : "The file ended early: the upload was aborted.",
    {
      cause: error,
    },
  );
}
