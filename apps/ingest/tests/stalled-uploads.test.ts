import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { maxLoads, maxLoadsPerAccount } from "../src/loads/load-slots.ts";
import { listen, problemOf, type TestIngest } from "./open-ingest.ts";
import { slowUpload } from "./slow-upload.ts";

const anHour = 3_600_000;
// Nobody is cut off before all are there.
const slow = { bodyMs: anHour, readMs: 2000 };
let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchRows: 100, batchMs: 20 }, { slow }));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const rows = (first: number) => `${first},a\n${first + 1},b\n`;
const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n';
const events = { Accept: "text/event-stream" };
const multipart = { "Content-Type": "multipart/form-data; boundary=b" };
const gzip = { "Content-Encoding": "gzip" };
/** Every kind of body that a load may have: its headers, and how it begins. */
const kinds: [headers: Record<string, string>, begin: (first: number) => string | Buffer][] = [
  [{}, rows],
  [{ "Content-Length": "9999" }, rows],
  [{ "Content-Type": "application/csv" }, rows],
  [events, rows],
  [gzip, (first) => gzipSync(rows(first)).subarray(0, -12)],
  [{ ...gzip, ...events }, (first) => gzipSync(rows(first)).subarray(0, -12)],
  [multipart, (first) => `${part}${rows(first)}`],
  [{ ...multipart, ...events }, (first) => `${part}${rows(first)}`],
];
const uploads = Array.from({ length: maxLoadsPerAccount }, (_, i) => kinds[i % kinds.length] as (typeof kinds)[number]);
const loads = async () =>
  ((await (await ingest.call("GET", "/ingest/loads?limit=50")).json()) as { loads: Load[] }).loads;
const load = () =>
  ingest.call("POST", "/ingest/jobs/csv", { body: "9001,a\n", headers: { "Content-Type": "text/csv" } });

describe("stalled uploads", () => {
  it("use only a share of the slots, and release them when they are cut off", async () => {
    const { slots } = ingest.deps.loads;
    const sending = uploads.map(([headers, begin], i) => {
      const sent = slowUpload(`${origin}/ingest/jobs/csv`, { Authorization: ingest.people.staff.bearer, ...headers });
      void sent.send(begin(1000 + i * 10));
      return sent;
    });
    await vi.waitFor(() => expect(slots.used).toBe(maxLoadsPerAccount), 20_000);
    await Promise.all(sending.filter((_, i) => "Accept" in uploads[i]![0]).map((sent) => sent.response));
    const refused = await load();
    expect(refused.headers.get("retry-after")).toBe("5");
    await problemOf(refused, 429);

    const others = Array.from({ length: maxLoads - maxLoadsPerAccount }, () => slots.acquire(-1));
    expect(() => slots.acquire(-2)).toThrow(`${maxLoads} loads are already running in this process.`);
    for (const leave of others) leave();

    slow.bodyMs = 300;
    const responses = await Promise.all(sending.map(async (sent) => sent.response));
    expect(responses.map(({ statusCode }) => statusCode)).toEqual(
      uploads.map(([headers]) => ("Accept" in headers ? 200 : 408)),
    );
    // A stream of events breaks off: it says nothing of an end that there was not.
    for (const response of responses)
      if (response.statusCode === 200) await expect(text(response)).rejects.toThrow("aborted");
    await vi.waitFor(() => expect(slots.used).toBe(0), 20_000);
    slow.bodyMs = anHour;
    const ended = (await loads()).slice(0, uploads.length);
    expect(ended.map(({ status }) => status)).toEqual(uploads.map(() => "cut off"));
    expect((await load()).status).toBe(200);
  });

  it("are waited for while the rows before them cannot be stored", async () => {
    slow.bodyMs = 300;
    const connection = await ingest.deps.mysql.getConnection();
    await connection.query("LOCK TABLES jobs WRITE");
    const sent = slowUpload(`${origin}/ingest/jobs/csv`, { Authorization: ingest.people.staff.bearer });
    const body = Array.from({ length: 20_000 }, (_, i) => `${20_000 + i},a\n`).join("");
    const sending = sent.send(body);
    await new Promise((resolve) => setTimeout(resolve, slow.bodyMs * 4));
    await connection.query("UNLOCK TABLES");
    connection.release();
    await sending;
    const { status, body: response } = await sent.end();
    expect([status, JSON.parse(response)]).toMatchObject([200, { inserted: 20_000, status: "done" }]);
    slow.bodyMs = anHour;
  });
});
