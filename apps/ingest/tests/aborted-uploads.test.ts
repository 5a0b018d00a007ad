import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import type { ProblemBody } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Load, LoadCounts, LoadStatus } from "../src/loads/load.ts";
import { listen, type TestIngest } from "./open-ingest.ts";
import { slowUpload } from "./slow-upload.ts";

type LoadProblem = ProblemBody & Partial<LoadCounts> & { loadId?: number; loadStatus?: LoadStatus };

const rowsPerFile = 500;

const slow = { bodyMs: 3_600_000, readMs: 60_000 };
let ingest: TestIngest;
let origin: string;
beforeAll(async () => {
  ({ ingest, origin } = await listen({ batchRows: 100, batchMs: 30 }, { slow }));
});
afterAll(() => ingest[Symbol.asyncDispose]());

let lastId = 100_000;
/** A file of jobs with ids that no other file has. */
function jobsFile(): { csv: string; stored(): Promise<number> } {
  const first = lastId + 1;
  lastId += rowsPerFile;
  const last = lastId;
  const csv = Array.from({ length: rowsPerFile }, (_, i) => `${first + i},Job of ${first + i}\n`).join("");
  const stored = async () => {
    const [row] = await ingest.rows("SELECT COUNT(*) AS n FROM jobs WHERE id BETWEEN ? AND ?", [first, last]);
    return Number(row?.n);
  };
  return { csv, stored };
}

interface Sent {
  body: Buffer | string;
  headers: Record<string, string>;
  /** Hangs up after the body instead of ending it. */
  hangsUp?: true;
}

/** Sends a body in two parts, the second once rows of the first are stored, so that the load is well under way when the end comes. */
async function send(
  key: string,
  { body, headers, hangsUp }: Sent,
): Promise<{ status: number; body: string } | undefined> {
  const bytes = Buffer.from(body);
  const client = request(`${origin}/ingest/jobs/csv`, {
    method: "POST",
    headers: { Authorization: ingest.people.staff.bearer, "Idempotency-Key": key, ...headers },
  });
  const response = new Promise<{ status: number; body: string } | undefined>((resolve) => {
    client.on("response", async (message) => {
      resolve({ status: message.statusCode ?? 0, body: await text(message).catch(() => "") });
    });
    client.on("error", () => resolve(undefined));
  });
  const before = await newestId();
  client.write(bytes.subarray(0, Math.floor(bytes.length * 0.8)));
  await vi.waitFor(async () => {
    const [load] = await loads();
    expect(load!.id).toBeGreaterThan(before);
    expect(load!.received).toBeGreaterThan(50);
  }, 10_000);
  const rest = bytes.subarray(Math.floor(bytes.length * 0.8));
  if (hangsUp) client.write(rest, () => client.destroy());
  else client.end(rest);
  return response;
}

const loads = async () =>
  ((await (await ingest.call("GET", "/ingest/loads?limit=1")).json()) as { loads: Load[] }).loads;
const newestId = async () => (await loads())[0]?.id ?? 0;
const part = (name: string, content: string, filename = '; filename="x.csv"') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${filename}\r\n\r\n${content}\r\n`;
const multipart = { "Content-Type": "multipart/form-data; boundary=b" };
const plain = { "Content-Type": "text/csv" };
const packed = { ...plain, "Content-Encoding": "gzip" };
/** Packed so that the first half unpacks before the second has come. */
const gzip = (csv: string) => gzipSync(csv, { level: 0, chunkSize: 1024 });
const damaged = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  copy[bytes.length + at]! ^= 0xff;
  return copy;
};

/** Every way in which a body can end badly, and the status that its client gets, if it is still there. */
const endings: [
  name: string,
  status: number | undefined,
  sent: (csv: string) => Sent,
  whole?: (csv: string) => Sent,
][] = [
  [
    "a second part",
    422,
    (csv) => ({ body: `${part("file", csv)}${part("notes", "x", "")}--b--\r\n`, headers: multipart }),
  ],
  [
    "a second file",
    422,
    (csv) => ({ body: `${part("file", csv)}${part("file", "1,a")}--b--\r\n`, headers: multipart }),
  ],
  [
    "an unknown file",
    422,
    (csv) => ({ body: `${part("file", csv)}${part("other", "1,a")}--b--\r\n`, headers: multipart }),
  ],
  ["no boundary at its end", 400, (csv) => ({ body: part("file", csv), headers: multipart })],
  ["half a boundary", 400, (csv) => ({ body: `${part("file", csv)}--`, headers: multipart })],
  ["a wrong check sum", 400, (csv) => ({ body: damaged(gzip(csv), -6), headers: packed })],
  ["a wrong length in its gzip trailer", 400, (csv) => ({ body: damaged(gzip(csv), -1), headers: packed })],
  ["a gzip trailer that is missing", 400, (csv) => ({ body: gzip(csv).subarray(0, -8), headers: packed })],
  ["gzip that is cut", 400, (csv) => ({ body: gzip(csv).subarray(0, -100), headers: packed })],
  ["garbage after gzip", 400, (csv) => ({ body: Buffer.concat([gzip(csv), Buffer.from("garbage")]), headers: packed })],
  [
    "a bad check sum around a multipart body",
    400,
    (csv) => ({
      body: damaged(gzip(`${part("file", csv)}--b--\r\n`), -6),
      headers: { ...multipart, "Content-Encoding": "gzip" },
    }),
  ],
  ["a client that is gone", undefined, (csv) => ({ body: csv.slice(0, -20), headers: plain, hangsUp: true })],
  [
    "less than its Content-Length",
    undefined,
    (csv) => ({ body: csv, headers: { ...plain, "Content-Length": String(csv.length + 100) }, hangsUp: true }),
  ],
];

describe("a load whose body is incomplete or damaged", () => {
  it.each(endings)("with %s is cut off and can be resumed with its key", async (name, status, sent) => {
    const { csv, stored } = jobsFile();
    const key = name.replaceAll(" ", "-");
    const response = await send(key, sent(csv));
    expect(response?.status).toBe(status);
    const cut = await vi.waitFor(async () => {
      const [load] = await loads();
      expect(load).toMatchObject({ status: "cut off" });
      return load!;
    }, 10_000);
    if (response) {
      const { id, received, inserted, updated, rejected, staged, bytes, rejectsUrl } = cut;
      const problem = JSON.parse(response.body) as LoadProblem;
      expect(problem).toMatchObject({ loadId: id, loadStatus: "cut off", received, inserted, updated, rejected });
      expect(problem).toMatchObject({ staged, bytes, rejectsUrl });
    }
    expect(cut.received).toBeGreaterThan(50);
    expect(await stored()).toBe(cut.inserted);

    const load = await ingest.load("jobs", csv, "", { "Idempotency-Key": key });
    expect(load).toMatchObject({ id: cut.id, status: "done", received: 500, inserted: 500, rejected: 0 });
    expect(await stored()).toBe(500);
  });

  it("reports the same when its progress is sent as events", async () => {
    const { csv } = jobsFile();
    const sent = { body: part("file", csv), headers: { ...multipart, Accept: "text/event-stream" } };
    const response = await send("as-events", sent);
    const problem = JSON.parse(/event: problem\ndata: (.*)\n/.exec(response?.body ?? "")?.[1] ?? "{}") as LoadProblem;
    const [cut] = await loads();
    expect(problem).toMatchObject({ status: 400, loadId: cut!.id, loadStatus: "cut off", inserted: cut!.inserted });
  });

  it("reports what is stored when a chunk of it is malformed", async () => {
    const { csv, stored } = jobsFile();
    const before = await newestId();
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    const head = `POST /ingest/jobs/csv HTTP/1.1\r\nHost: x\r\nAuthorization: ${ingest.people.staff.bearer}\r\nContent-Type: text/csv\r\nIdempotency-Key: chunks\r\nTransfer-Encoding: chunked\r\n\r\n`;
    socket.write(`${head}${csv.length.toString(16)}\r\n${csv}\r\n`);
    await vi.waitFor(async () => {
      const [load] = await loads();
      expect(load!.id).toBeGreaterThan(before);
      expect(load!.received).toBe(500);
    }, 10_000);
    const response = text(socket);
    socket.write("no number\r\n");
    const [, body = ""] = (await response).split("\r\n\r\n");
    const cut = await vi.waitFor(async () => {
      const [load] = await loads();
      expect(load).toMatchObject({ status: "cut off" });
      return load!;
    }, 10_000);
    expect(JSON.parse(body)).toMatchObject({ status: 400, loadId: cut.id, received: 500, inserted: 500 });
    expect(await stored()).toBe(500);
    const load = await ingest.load("jobs", csv, "", { "Idempotency-Key": "chunks" });
    expect(load).toMatchObject({ id: cut.id, status: "done", received: 500, inserted: 500 });
  });

  it("reports what is stored when it is disconnected for stalling", async () => {
    const { csv, stored } = jobsFile();
    const before = await newestId();
    const sending = slowUpload(`${origin}/ingest/jobs/csv`, {
      Authorization: ingest.people.staff.bearer,
      "Idempotency-Key": "still",
    });
    await sending.send(csv.slice(0, -20));
    await vi.waitFor(async () => {
      const [load] = await loads();
      expect(load!.id).toBeGreaterThan(before);
      expect(load!.received).toBeGreaterThan(450);
    }, 10_000);
    slow.bodyMs = 200;
    const response = await sending.response;
    slow.bodyMs = 3_600_000;
    const cut = await vi.waitFor(async () => {
      const [load] = await loads();
      expect(load).toMatchObject({ status: "cut off" });
      return load!;
    }, 10_000);
    const problem = JSON.parse(await text(response)) as LoadProblem;
    expect(problem).toMatchObject({ status: 408, loadId: cut.id, received: cut.received, inserted: cut.inserted });
    expect(await stored()).toBe(cut.inserted);
    const load = await ingest.load("jobs", csv, "", { "Idempotency-Key": "still" });
    expect(load).toMatchObject({ id: cut.id, status: "done", inserted: 500, rejected: 0 });
  });

  it("is done when only its last character is missing, which is a reject", async () => {
    const { csv, stored } = jobsFile();
    const bytes = Buffer.concat([Buffer.from(csv), Buffer.from("999999,caf"), Buffer.from([0xc3])]);
    const load = (await (
      await ingest.call("POST", "/ingest/jobs/csv", { body: bytes, headers: plain })
    ).json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 501, inserted: 500, rejected: 1 });
    expect(await stored()).toBe(500);
  });
});

describe("a load that is stopped by another error", () => {
  it("can be resumed after a failed statement", async () => {
    const { csv, stored } = jobsFile();
    const trigger = `CREATE TRIGGER no_more BEFORE INSERT ON jobs FOR EACH ROW
      IF NEW.id = ${lastId - 50} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no more'; END IF`;
    await ingest.rows(trigger);
    const keyed = { "Idempotency-Key": "statement" };
    const response = await ingest.call("POST", "/ingest/jobs/csv", { body: csv, headers: { ...plain, ...keyed } });
    const problem = (await response.json()) as LoadProblem;
    expect(problem).toMatchObject({ status: 500, loadStatus: "cut off", received: 400, inserted: 400 });
    expect(JSON.stringify(problem)).not.toContain("no more");
    expect(await stored()).toBe(400);
    await ingest.rows("DROP TRIGGER no_more");
    expect(await ingest.load("jobs", csv, "", keyed)).toMatchObject({
      id: problem.loadId,
      status: "done",
      inserted: 500,
    });
  });

  it("returns its id to requests with another file, or while it is in flight", async () => {
    const { csv } = jobsFile();
    const keyed = { "Idempotency-Key": "taken" };
    const { id } = await ingest.load("jobs", csv, "", keyed);
    const other = await ingest.call("POST", "/ingest/jobs/csv", { body: "1,x\n", headers: { ...plain, ...keyed } });
    expect(await other.json()).toMatchObject({ status: 422, loadId: id, loadStatus: "done", inserted: 500 });
  });
});
