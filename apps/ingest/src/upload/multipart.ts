import { finished, type Readable } from "node:stream";
import { Problem } from "@quintet/http";
import busboy from "busboy";

const limits = { fields: 1, files: 2, parts: 3, fieldSize: 1024, headerPairs: 50 };
const formLimits = { ...limits, fields: 5000, parts: 5002 };

/** A multipart body. */
export interface MultipartForm {
  contentType: string;
  /** Takes the fields that come before the file; undefined: there must be none. */
  fields?: Map<string, string> | undefined;
  /** Takes the name of the file before its first bytes. */
  onFile(filename: string): void;
}

/**
 * The part `file` of a multipart body (RFC 7578) as its bytes arrive. Throws a 422 that names any other part, or the part if it is
 * missing, and a 400 for a malformed body.
 */
export async function* multipartFile(body: Readable, form: MultipartForm): AsyncGenerator<Buffer> {
  const { fields } = form;
  const parser = open(form.contentType, fields ? formLimits : limits);
  const file = Promise.withResolvers<Readable | undefined>();
  const closed = Promise.withResolvers<void>();
  closed.promise.catch(() => {});
  let seen = false;
  let bodyError: Error | undefined;
  let fault: Problem | undefined;
  const refuse = (path: string, message: string) => {
    fault ??= new Problem("unprocessable", `${path}: ${message}`, { errors: [{ path, message }] });
  };
  parser.on("file", (name, stream, { filename }) => {
    if (name === "file" && !seen) {
      seen = true;
      form.onFile(filename ?? "");
      file.resolve(stream);
    } else {
      refuse(name, name === "file" ? "must not be repeated" : "unknown part");
      stream.resume();
    }
  });
  parser.on("field", (name, value) => {
    if (name === "file") refuse(name, "must be a file");
    else if (!fields || seen) refuse(name, "unknown part");
    else if (fields.has(name)) refuse(name, "must not be repeated");
    else fields.set(name, value);
  });
  parser.on("partsLimit", () => refuse("file", "must be the only part"));
  parser.on("error", (error) => {
    closed.reject(bodyError ?? new Problem("bad-request", "The body is not well-formed multipart.", { cause: error }));
    file.resolve(undefined);
  });
  parser.on("close", () => {
    closed.resolve();
    file.resolve(undefined);
  });
  finished(body, { writable: false }, (error) => {
    if (!error) return;
    bodyError = error;
    parser.destroy(error);
  });
  body.pipe(parser);

  const stream = await file.promise;
  if (fault) throw fault;
  if (stream) {
    try {
      for await (const chunk of stream) yield chunk;
    } catch (error) {
      // The part ends early when the body does; the error of the body says why.
      await closed.promise;
      throw error;
    }
  }
  await closed.promise;
  if (!stream) refuse("file", "is required");
  if (fault) throw fault;
}

function open(contentType: string, limits: busboy.Limits): busboy.Busboy {
  try {
    return busboy({ headers: { "content-type": contentType }, limits });
  } catch (error) {
    throw new Problem("bad-request", "The Content-Type has no multipart boundary.", { cause: error });
  }
}
