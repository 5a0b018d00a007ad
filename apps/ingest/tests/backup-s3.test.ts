import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Backup } from "../src/backups/backup.ts";
import { bucketStorage } from "../src/backups/bucket/bucket-storage.ts";
import { ingest as definition } from "../src/index.ts";
import { jobs, openIngest, problemOf, type TestIngest } from "./open-ingest.ts";
import { openTestS3, type TestS3 } from "./s3-server.ts";

let server: TestS3;
let ingest: TestIngest;
beforeAll(async () => {
  server = await openTestS3();
  ingest = await openIngest({}, { ...server.env, BACKUP_URL: "s3://data/quintet/backups" });
  await ingest.load("jobs", jobs);
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const rows = () => ingest.rows("SELECT * FROM jobs ORDER BY id");
const list = async () =>
  ((await (await ingest.call("GET", "/ingest/backups")).json()) as { backups: Backup[] }).backups;

it("backups in a bucket are made, listed, downloaded, verified, restored and deleted", async () => {
  const headers = { "Idempotency-Key": "in-a-bucket" };
  const backup = (await (await ingest.call("POST", "/ingest/jobs/backups", { headers })).json()) as Backup;
  expect(backup).toMatchObject({ table: "jobs", rows: 183, verified: true });
  expect(await (await ingest.call("POST", "/ingest/jobs/backups", { headers })).json()).toEqual(backup);
  expect([...server.objects.keys()].sort()).toEqual([
    `data/quintet/backups/${backup.name}`,
    `data/quintet/backups/${backup.name}.json`,
  ]);
  expect(await readdir(ingest.backupDir)).toEqual([]);
  expect(await list()).toEqual([backup]);
  const path = `/ingest/backups/${backup.name}`;
  const bytes = Buffer.from(await (await ingest.call("GET", path)).arrayBuffer());
  expect(bytes.length).toBe(backup.bytes);
  const part = await ingest.call("GET", path, { headers: { Range: "bytes=4-9" } });
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(4, 10));
  const before = await rows();
  await ingest.rows("DELETE FROM jobs WHERE id % 2 = 0");
  expect((await ingest.call("POST", "/ingest/jobs/restore")).status).toBe(200);
  expect(await rows()).toEqual(before);
  expect(await (await ingest.call("POST", `${path}/verify`)).json()).toMatchObject({ rows: 183 });
  expect(await list()).toEqual([{ ...backup, lastVerifiedAt: expect.any(String) }]);

  // A file that somebody put there.
  server.objects.set(`data/quintet/backups/${backup.name.replace("jobs-20", "jobs-19")}`, bytes);
  expect((await list())[1]).toMatchObject({ rows: 183, sha256: backup.sha256, verified: false });
  server.objects.set(`data/quintet/backups/${backup.name}`, bytes.subarray(0, -1));
  await problemOf(await ingest.call("POST", "/ingest/jobs/restore"), 409);

  expect((await ingest.call("DELETE", path)).status).toBe(204);
  await problemOf(await ingest.call("GET", path), 404);
  await problemOf(await ingest.call("DELETE", path), 404);
  expect([...server.objects.keys()].filter((key) => key.includes(backup.name))).toEqual([]);
});

it("a backup that cannot be written leaves nothing in the bucket", async () => {
  const before = [...server.objects.keys()];
  await ingest.rows("RENAME TABLE jobs TO jobs_elsewhere");
  expect((await ingest.call("POST", "/ingest/jobs/backups")).status).toBe(500);
  await ingest.rows("RENAME TABLE jobs_elsewhere TO jobs");
  expect([...server.objects.keys()]).toEqual(before);
});

it("the place is s3://bucket/prefix of a store that is configured", () => {
  expect(() => bucketStorage(undefined, "s3://data/x")).toThrow(/BACKUP_URL needs S3_ENDPOINT/);
  expect(() => definition.loadConfig({ ...ingest.env, BACKUP_URL: "s3:/data" })).toThrow(/must be s3:\/\/bucket/);
});
