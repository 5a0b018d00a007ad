import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { AccountEnv } from "@quintet/auth";
import { mediaTypeOf, Problem, type ServiceEnv } from "@quintet/http";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import type { FileBytes } from "../loads/file-bytes.ts";
import { readS3Url, type S3Store } from "../s3.ts";
import { fileInBody, fileType, storedFile } from "../upload/file-in-body.ts";

const maxJsonBytes = 16 * 1024;
const urlBody = z.strictObject({ url: z.string() });

/**
 * The file that a request is about: a complete upload, the object in S3 that a JSON body names, or the file in its body. Objects are only
 * read from the store that is configured.
 */
export async function sourceFile(
  c: Context<AccountEnv>,
  { uploads, s3 }: Pick<Deps, "uploads" | "s3">,
  { upload, sheet }: { upload?: string | undefined; sheet?: string | undefined },
): Promise<FileBytes> {
  const contentLength = lengthOf(c);
  if (upload !== undefined) {
    if (contentLength !== undefined && contentLength !== "0") {
      throw new Problem("bad-request", "upload: a request that loads an upload has no body.");
    }
    const { path, name, bytes } = await uploads.file(upload, c.var.account.id);
    return storedFile(fileBytes(path), { name, bytes, sheet });
  }
  const contentType = c.req.header("content-type");
  if (s3 && mediaTypeOf(contentType) === "application/json") return s3File(s3, await jsonOf(bodyOf(c)), sheet);
  return bodyFile(c, { sheet });
}

/** The file in the body of a request. `fields` takes the other fields of a form. */
export function bodyFile(
  c: Context<AccountEnv>,
  options: { fields?: Map<string, string>; sheet?: string | undefined } = {},
): Promise<FileBytes> {
  const headers = {
    contentType: c.req.header("content-type"),
    contentEncoding: c.req.header("content-encoding"),
    contentLength: lengthOf(c),
  };
  return fileInBody(bodyOf(c), headers, options);
}

/** Throws a 415 for a body that `sourceFile` would refuse for its type, before anything is looked up. */
export function refuseOtherTypes(c: Context<AccountEnv>, { s3 }: Pick<Deps, "s3">): void {
  const contentType = c.req.header("content-type");
  if (lengthOf(c) === "0" || (s3 && mediaTypeOf(contentType) === "application/json")) return;
  fileType(contentType);
}

async function* fileBytes(path: string): AsyncGenerator<Buffer> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}

async function s3File(s3: S3Store, body: unknown, sheet: string | undefined): Promise<FileBytes> {
  const { data } = urlBody.safeParse(body);
  const place = data && readS3Url(data.url);
  if (!place) throw refused("must be the URL of an object: s3://bucket/key");
  const { bucket, key } = place;
  const object = await s3.find(bucket, key);
  if (!object) throw refused(`there is no object ${key.slice(0, 200)} in ${bucket}`);
  return storedFile(s3.read(bucket, object), { name: key, bytes: object.bytes, sheet });
}

function refused(message: string): Problem {
  return new Problem("unprocessable", `url: ${message}.`, { errors: [{ path: "url", message }] });
}

/** A small JSON body. Throws a 400 when it is none. */
async function jsonOf(body: Readable): Promise<unknown> {
  let text: Buffer = Buffer.alloc(0);
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    text = Buffer.concat([text, Buffer.from(chunk)]);
    if (text.length > maxJsonBytes) throw new Problem("payload-too-large", "The JSON body is larger than 16 KiB.");
  }
  try {
    return JSON.parse(text.toString());
  } catch (error) {
    throw new Problem("bad-request", "The body is not JSON.", { cause: error });
  }
}

/**
 * The body as a Node stream: Node's own request if there is one, because a web stream costs as much CPU as all of the parsing.
 */
export function bodyOf(c: Pick<Context<ServiceEnv>, "env" | "req">): Readable {
  const incoming = c.env?.incoming;
  if (incoming instanceof Readable) return incoming;
  const body = c.req.raw.body;
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
}

/** The Content-Length of the request; over a socket, a request with neither length nor transfer coding has no body. */
export function lengthOf(c: Pick<Context<ServiceEnv>, "env" | "req">): string | undefined {
  const headers = c.env?.incoming?.headers;
  const length = c.req.header("content-length");
  return headers && headers["transfer-encoding"] === undefined ? (length ?? "0") : length;
}
