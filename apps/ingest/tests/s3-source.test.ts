import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openS3, type S3Store } from "../src/s3.ts";
import { jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";
import { openTestS3, type TestS3 } from "./s3-server.ts";

let ingest: TestIngest;
let server: TestS3;
let s3: S3Store;
beforeAll(async () => {
  [ingest, server] = await Promise.all([openIngest(), openTestS3()]);
  s3 = openS3(server.env as { S3_REGION: string } & typeof server.env) as S3Store;
  await s3.write("data", "in/jobs.csv.gz", [gzipSync(jobs)].values() as never);
});
afterAll(async () => {
  await s3.close();
  await server[Symbol.asyncDispose]();
  await ingest[Symbol.asyncDispose]();
});

const load = (json: unknown, headers: Record<string, string> = {}) =>
  ingest.call("POST", "/ingest/jobs/csv", { json, headers });

it("loads no URL without a store", async () => {
  await problemOf(await load({ url: "s3://data/in/jobs.csv.gz" }), 415);
});

it("loads an object of the configured store, once per Idempotency-Key", async () => {
  Object.assign(ingest.deps, { s3 });
  const keyed = { "Idempotency-Key": "object" };
  // The connection is cut in the middle of the object.
  server.faults.push(300);
  const first = await load({ url: "s3://data/in/jobs.csv.gz" }, keyed);
  expect(await first.json()).toMatchObject({ status: "done", received: 183, inserted: 183 });
  const again = await load({ url: "s3://data/in/jobs.csv.gz" }, keyed);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
});

it("loads from nowhere else", async () => {
  for (const url of [
    "http://127.0.0.1/x",
    "file:///etc/passwd",
    "s3://data@127.0.0.1/x",
    "s3://da/x",
    "s3://",
    "",
    1,
  ]) {
    expect(await problemOf(await load({ url }), 422)).toMatchObject({ errors: [{ path: "url" }] });
  }
  expect((await problemOf(await load({ url: "s3://data/missing" }), 422)).detail).toMatch(/no object missing in data/);
  await problemOf(await load({ url: "s3://data/x", more: 1 }), 422);
  await problemOf(await load([]), 422);
  const text = { body: "{", headers: { "Content-Type": "application/json" } };
  await problemOf(await ingest.call("POST", "/ingest/jobs/csv", text), 400);
});
