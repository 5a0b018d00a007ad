import { readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { jobs, listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { sendByTus } from "./send-by-tus.ts";

let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({}));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const tus = { "Tus-Resumable": "1.0.0" };
const octets = { ...tus, "Content-Type": "application/offset+octet-stream" };
const create = (length: number | string, headers: Record<string, string> = {}) =>
  ingest.call("POST", "/ingest/uploads", { headers: { ...tus, "Upload-Length": String(length), ...headers } });
const pathOf = (response: Response) => {
  expect(response.status).toBe(201);
  return response.headers.get("location")!;
};
const offsetOf = async (path: string) => {
  const { headers } = await ingest.call("HEAD", path, { headers: tus });
  expect(headers.get("access-control-allow-origin")).toBeNull();
  const { bytes } = (await (await ingest.call("GET", path)).json()) as { bytes: number };
  expect(headers.get("upload-offset")).toBe(String(bytes));
  return bytes;
};
const loadUpload = (path: string, query = "") =>
  ingest.call("POST", `/ingest/jobs/csv?upload=${path.split("/").at(-1)}&mode=upsert${query}`);

describe("an upload", () => {
  it("is sent by a tus client in chunks, and loaded as often as it is asked for", async () => {
    const url = await sendByTus(origin, gzipSync(jobs), ingest.people.staff.bearer, { chunkSize: 300 });
    const path = new URL(url).pathname;
    const checked = (await (await loadUpload(path, "&dryRun=true")).json()) as Load;
    expect(checked).toMatchObject({ received: 183, dryRun: true });
    const loaded = (await (await loadUpload(path)).json()) as Load;
    expect(loaded).toMatchObject({ status: "done", received: 183, updated: 183 });
    expect((await ingest.call("DELETE", path, { headers: tus })).status).toBe(204);
    await problemOf(await loadUpload(path), 404);
    expect(readdirSync(join(ingest.backupDir, "uploads"))).not.toContain(path.split("/").at(-1));
  });

  it("is loaded by itself at its end when it names a table, with the parameters of a load", async () => {
    const metadata = {
      filename: "jobs.csv.gz",
      filetype: "application/gzip",
      table: "jobs",
      mode: "upsert",
      onError: "abort",
    };
    const url = await sendByTus(origin, gzipSync(jobs), ingest.people.staff.bearer, { metadata });
    const seen = () => ingest.call("GET", new URL(url).pathname).then((response) => response.json());
    const { loadId } = await vi.waitFor(async () => {
      const upload = (await seen()) as { loadId: number };
      expect(upload).toMatchObject({ table: "jobs", loadId: expect.any(Number), loadProblem: null });
      return upload;
    }, 10_000);
    await vi.waitFor(async () => {
      const load = await (await ingest.call("GET", `/ingest/loads/${loadId}`)).json();
      expect(load).toMatchObject({ status: "done", mode: "upsert", received: 183, updated: 183, createdBy: "staff" });
    }, 10_000);
    // Whoever looks for uploads that are not loaded finds it loaded.
    const loads = async () => (await ingest.rows("SELECT COUNT(*) AS loads FROM ingest_loads"))[0];
    const before = await loads();
    await vi.waitFor(async () => {
      expect(
        await ingest.rows("SELECT id FROM ingest_uploads WHERE load_request IS NOT NULL AND load_end IS NULL"),
      ).toEqual([]);
    }, 10_000);
    await ingest.deps.loadUploads.beginAll();
    expect(await loads()).toEqual(before);
    // What is wrong with its file is told, and what is wrong with its parameters before it is sent.
    const broken = await sendByTus(origin, gzipSync(jobs).subarray(0, 500), ingest.people.staff.bearer, { metadata });
    await vi.waitFor(async () => {
      const upload = await (await ingest.call("GET", new URL(broken).pathname)).json();
      expect(upload).toMatchObject({ loadProblem: expect.stringMatching(/incomplete|damaged|ended early/) });
    }, 10_000);
    const encoded = (fields: Record<string, string>) => ({
      "Upload-Metadata": Object.entries(fields)
        .map(([name, value]) => `${name} ${Buffer.from(value).toString("base64")}`)
        .join(","),
    });
    const wrong = await problemOf(await create(5, encoded({ table: "jobs", mode: "often" })), 400);
    expect(wrong).toMatchObject({ errors: [{ path: "mode" }] });
    expect((await problemOf(await create(5, encoded({ table: "jobs", mod: "upsert" })), 400)).detail).toMatch(/mod/);
    await problemOf(await create(5, encoded({ table: "nothing" })), 404);
  });

  it("is created once per Idempotency-Key", async () => {
    const keyed = { "Idempotency-Key": "an-upload" };
    const first = pathOf(await create(jobs.length, keyed));
    const again = await create(jobs.length, keyed);
    expect([pathOf(again), again.headers.get("idempotency-replayed")]).toEqual([first, "true"]);
    expect(again.headers.get("upload-offset")).toBe("0");
    await problemOf(await create(jobs.length + 1, keyed), 422);
    expect(pathOf(await create(jobs.length))).not.toBe(first);
  });

  it("keeps what arrived before its connection was cut", async () => {
    const path = pathOf(await create(jobs.length));
    const client = request(`${origin}${path}`, {
      method: "PATCH",
      headers: { ...octets, Authorization: ingest.people.staff.bearer, "Upload-Offset": "0", "Content-Length": "1500" },
    });
    client.on("error", () => {});
    client.write(jobs.slice(0, 1000));
    const file = join(ingest.backupDir, "uploads", path.slice(-32));
    await vi.waitFor(() => expect(statSync(file).size).toBe(1000), 20_000);
    client.destroy();
    await vi.waitFor(async () => expect(await offsetOf(path)).toBe(1000), 20_000);
    const early = await problemOf(await loadUpload(path), 409);
    expect(early.detail).toMatch(/1000 of \d+ bytes/);
    const patch = (offset: number) =>
      ingest.call("PATCH", path, {
        headers: { ...octets, "Upload-Offset": String(offset) },
        body: jobs.slice(offset),
      });
    await problemOf(await patch(0), 409);
    const done = await patch(1000);
    expect([done.status, done.headers.get("upload-offset")]).toEqual([204, String(jobs.length)]);
    expect(await (await loadUpload(path)).json()).toMatchObject({ received: 183, rejected: 0 });
  });

  it("belongs to its account", async () => {
    const path = pathOf(await create(10));
    const give = (to: number) =>
      ingest.rows("UPDATE ingest_uploads SET account_id = account_id + ? WHERE id = ?", [to, path.slice(-32)]);
    await give(1);
    for (const method of ["HEAD", "PATCH", "DELETE"]) {
      const response = await ingest.call(method, path, { headers: { ...octets, "Upload-Offset": "0" } });
      expect(response.status).toBe(404);
    }
    await problemOf(await loadUpload(path), 404);
    await give(-1);
    expect(await offsetOf(path)).toBe(0);
    await problemOf(await ingest.call("DELETE", path, { by: ingest.people.plain.bearer, headers: tus }), 403);
    await problemOf(await ingest.call("DELETE", path, { by: null, headers: tus }), 401);
  });

  it("is refused beyond the quota of its account", async () => {
    await ingest.rows("DELETE FROM ingest_uploads");
    const { settings } = ingest.deps.uploads;
    const { accountBytes } = settings;
    settings.accountBytes = 1000;
    pathOf(await create(600));
    await problemOf(await create(600), 413);
    pathOf(await create(400));
    await problemOf(await create(1), 413);
    await ingest.rows("UPDATE ingest_uploads SET account_id = account_id + 1");
    pathOf(await create(1000));
    settings.accountBytes = accountBytes;
  });

  it("expires", async () => {
    const path = pathOf(await create(10));
    const expires = (await create(10)).headers.get("upload-expires");
    expect(Date.parse(expires ?? "") - Date.now()).toBeGreaterThan(47 * 3_600_000);
    expect(await offsetOf(path)).toBe(0);
    const age = (hours: number) =>
      ingest.rows("UPDATE ingest_uploads SET created_at = created_at - INTERVAL ? HOUR WHERE id = ?", [
        hours,
        path.slice(-32),
      ]);
    await age(47);
    expect(await ingest.deps.uploads.removeExpired()).toBe(0);
    await age(2);
    expect((await ingest.call("HEAD", path, { headers: tus })).status).toBe(404);
    expect(await ingest.deps.uploads.removeExpired()).toBe(1);
    expect(readdirSync(join(ingest.backupDir, "uploads"))).not.toContain(path.slice(-32));
  });

  it("is refused when it breaks the protocol", async () => {
    await problemOf(await ingest.call("POST", "/ingest/uploads", { headers: { "Upload-Length": "1" } }), 412);
    await problemOf(await ingest.call("POST", "/ingest/uploads", { headers: tus }), 400);
    await problemOf(await create("x"), 400);
    await problemOf(await create(1, { "Upload-Metadata": "a b c" }), 400);
    await problemOf(await create(1, { "Upload-Metadata": `filename ${btoa("x".repeat(5000))}` }), 400);
    const deferred = { headers: { ...tus, "Upload-Defer-Length": "1" } };
    await problemOf(await ingest.call("POST", "/ingest/uploads", deferred), 400);
    const path = pathOf(await create(2));
    await problemOf(await ingest.call("PATCH", path, { headers: { ...octets }, body: "1" }), 400);
    const typed = { ...tus, "Content-Type": "text/csv", "Upload-Offset": "0" };
    expect((await ingest.call("PATCH", path, { headers: typed, body: "1" })).status).toBe(400);
    const long = { headers: { ...octets, "Upload-Offset": "0" }, body: "123" };
    await problemOf(await ingest.call("PATCH", path, long), 413);
    await problemOf(await ingest.call("POST", "/ingest/jobs/csv?upload=none"), 404);
  });
});
