import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { checkSignatureTime, readSignatureClaim, SignatureError, verifySignature } from "@quintet/http";

/** A store with the protocol of S3 that checks every signature (Signature Version 4), for tests; it keeps its objects in memory. */
export interface TestS3 extends AsyncDisposable {
  /** The settings of an app that uses it. */
  env: Record<string, string>;
  /** The objects, by `bucket/key`. */
  objects: Map<string, Buffer>;
  /** The requests that were signed well, such as `GET /bucket/key`, in their order. */
  requests: string[];
  /** Bytes after which each of the next answers to a GET is cut; "fail" is a 503 instead. */
  faults: (number | "fail")[];
}

const keyId = "test-key";
const secret = "test-secret";
const region = "eu-test-1";
/** Objects of one page of a list. */
const pageLength = 2;

export async function openTestS3(): Promise<TestS3> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const requests: string[] = [];
  const faults: TestS3["faults"] = [];

  async function handle(request: IncomingMessage, response: ServerResponse) {
    const body = await buffer(request);
    const target = new URL(request.url ?? "/", "http://s3.test");
    const name = decodeURIComponent(target.pathname.slice(1));
    const { searchParams: query } = target;
    check(request, body);
    const method = request.method ?? "GET";
    requests.push(`${method} ${target.pathname}`);
    const upload = query.get("uploadId");
    const xml = (text: string, status = 200) =>
      response.writeHead(status, { "Content-Type": "application/xml" }).end(`<?xml version="1.0"?>${text}`);
    const missing = () => xml("<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>", 404);

    if (method === "POST" && query.has("uploads")) {
      const id = randomUUID();
      uploads.set(id, new Map());
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (method === "PUT" && upload !== null) {
      uploads.get(upload)?.set(Number(query.get("partNumber")), body);
      return response.writeHead(200, { ETag: etagOf(body) }).end();
    }
    if (method === "POST" && upload !== null) {
      const parts = [...(uploads.get(upload) ?? [])].sort(([a], [b]) => a - b);
      objects.set(name, Buffer.concat(parts.map(([, part]) => part)));
      uploads.delete(upload);
      return xml(`<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>`);
    }
    if (method === "DELETE") {
      if (upload === null) objects.delete(name);
      else uploads.delete(upload);
      return response.writeHead(204).end();
    }
    if (method === "PUT") {
      objects.set(name, body);
      return response.writeHead(200, { ETag: etagOf(body) }).end();
    }
    if (query.has("list-type")) return xml(listOf(name.replace(/\/$/, ""), query));
    const object = objects.get(name);
    if (!object) return missing();
    const head = { ETag: etagOf(object), "Last-Modified": new Date(0).toUTCString() };
    if (method === "HEAD") return response.writeHead(200, { ...head, "Content-Length": object.length }).end();
    const wanted = request.headers["if-match"];
    if (wanted !== undefined && wanted !== head.ETag) {
      return xml("<Error><Code>PreconditionFailed</Code></Error>", 412);
    }
    const fault = faults.shift();
    if (fault === "fail") return xml("<Error><Code>SlowDown</Code></Error>", 503);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const rest = object.subarray(from);
    const range = { "Content-Range": `bytes ${from}-${object.length - 1}/${object.length}` };
    response.writeHead(from > 0 ? 206 : 200, { ...head, ...(from > 0 ? range : {}), "Content-Length": rest.length });
    if (fault === undefined) return response.end(rest);
    return response.write(rest.subarray(0, fault), () => response.destroy());
  }

  function listOf(bucket: string, query: URLSearchParams): string {
    const after = query.get("continuation-token") ?? "";
    const keys = [...objects.keys()]
      .filter((name) => name.startsWith(`${bucket}/${query.get("prefix") ?? ""}`))
      .map((name) => name.slice(bucket.length + 1))
      .filter((key) => key > after)
      .sort();
    const page = keys.slice(0, pageLength);
    const next = keys.length > pageLength ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
    const contents = page.map((key) => {
      const object = objects.get(`${bucket}/${key}`) ?? Buffer.alloc(0);
      const at = new Date(0).toISOString();
      return `<Contents><Key>${key}</Key><Size>${object.length}</Size><LastModified>${at}</LastModified><ETag>${etagOf(object)}</ETag></Contents>`;
    });
    return `<ListBucketResult><IsTruncated>${next !== ""}</IsTruncated>${contents.join("")}${next}</ListBucketResult>`;
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const code = error instanceof SignatureError ? error.name : "InternalError";
      response.writeHead(error instanceof SignatureError ? 403 : 500, { "Content-Type": "application/xml" });
      response.end(request.method === "HEAD" ? "" : `<Error><Code>${code}</Code><Message>No.</Message></Error>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: keyId,
      S3_SECRET_ACCESS_KEY: secret,
    },
    ...{ objects, requests, faults },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function check(request: IncomingMessage, body: Buffer): void {
  const parts = {
    method: request.method ?? "",
    url: request.url ?? "",
    header: (name: string) => request.headers[name]?.toString(),
  };
  const claim = readSignatureClaim(parts, "s3");
  checkSignatureTime(claim, Date.now());
  if (claim.accessKeyId !== keyId || claim.region !== region) throw new SignatureError("SignatureDoesNotMatch", "No.");
  verifySignature(parts, claim, { secret, body, hosts: [request.headers.host ?? ""] });
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}
