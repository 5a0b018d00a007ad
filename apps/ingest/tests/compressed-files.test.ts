import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ZipFile } from "yazl";
import type { Load } from "../src/loads/load.ts";
import { openIngest, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
/** A folder of its own for temporary files: in the machine's, others write, and some of them are killed. */
let temporary: string;
beforeAll(async () => {
  ingest = await openIngest();
  temporary = mkdtempSync(join(tmpdir(), "quintet-temporary-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterAll(async () => {
  await ingest[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

let lastId = 0;
const jobs = (count = 1000) => Array.from({ length: count }, () => `${++lastId},Job ${lastId}\n`).join("");
const post = (body: Buffer | FormData, headers: Record<string, string> = {}) =>
  ingest.call("POST", "/ingest/jobs/csv", { body, headers });
const form = (bytes: Buffer, name: string) => {
  const made = new FormData();
  made.set("file", new File([bytes as Uint8Array<ArrayBuffer>], name));
  return made;
};
async function zip(files: Record<string, string | Buffer>): Promise<Buffer> {
  const made = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    if (name.endsWith("/")) made.addEmptyDirectory(name);
    else made.addBuffer(Buffer.from(content), name, { compress: !name.startsWith("stored") });
  }
  made.end();
  return buffer(made.outputStream);
}
const done = async (response: Response) => {
  expect(await response.clone().text()).toMatch(/^\{"id"/);
  return (await response.json()) as Load;
};

describe("a compressed file", () => {
  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
    ["br", brotliCompressSync],
  ] as const)("is loaded with Content-Encoding %s", async (coding, compress) => {
    const load = await done(
      await post(compress(jobs()), { "Content-Type": "text/csv", "Content-Encoding": coding.toUpperCase() }),
    );
    expect(load).toMatchObject({ received: 1000, inserted: 1000 });
  });

  it.each([
    ["jobs.csv.gz", gzipSync],
    ["jobs.csv.zst", zstdCompressSync],
    ["jobs.csv.br", brotliCompressSync],
    ["twice.csv.gz.zst", (text: string) => zstdCompressSync(gzipSync(text))],
  ] as const)("is loaded as a part of a form: %s", async (name, compress) => {
    expect(await done(await post(form(compress(jobs()), name)))).toMatchObject({ received: 1000, inserted: 1000 });
  });

  it("is loaded as a body without Content-Encoding", async () => {
    for (const type of ["text/csv", "application/gzip", "application/octet-stream"]) {
      expect(await done(await post(gzipSync(jobs()), { "Content-Type": type }))).toMatchObject({ inserted: 1000 });
    }
  });

  it("is a 400 when it is incomplete, or its content is empty", async () => {
    const cut = zstdCompressSync(jobs(5)).subarray(0, -4);
    expect((await problemOf(await post(form(cut, "a.zst")), 400)).detail).toMatch(/Zstandard: it is incomplete/);
    expect((await problemOf(await post(form(gzipSync(""), "a.gz")), 400)).detail).toMatch(/empty/);
    const thrice = gzipSync(gzipSync(gzipSync("1,a\n")));
    expect((await problemOf(await post(form(thrice, "a")), 422)).detail).toMatch(/more than 2 times/);
  });

  it("may be sent again in another compression when its load was cut off", async () => {
    const text = jobs(3000);
    const whole = gzipSync(text, { level: 0 });
    const keyed = { "Content-Type": "text/csv", "Idempotency-Key": "cut" };
    const cut = await problemOf(await post(whole.subarray(0, -30), keyed), 400);
    expect(cut).toMatchObject({ loadStatus: "cut off" });
    const load = await done(await post(zstdCompressSync(text), keyed));
    expect(load).toMatchObject({ id: (cut as unknown as { loadId: number }).loadId, received: 3000, inserted: 3000 });
    expect((await post(Buffer.from(text), keyed)).headers.get("idempotency-replayed")).toBe("true");
  });
});

describe("a ZIP archive", () => {
  it("is loaded when it has one file, beside folders and what macOS adds", async () => {
    const archive = await zip({ "a/": "", "a/jobs.csv": jobs(), "__MACOSX/a/._jobs.csv": "x", "a/.DS_Store": "x" });
    expect(await done(await post(form(archive, "jobs.zip")))).toMatchObject({ received: 1000, inserted: 1000 });
    const stored = await zip({ "stored.csv": jobs() });
    expect(await done(await post(stored, { "Content-Type": "application/zip" }))).toMatchObject({ inserted: 1000 });
    const inner = await zip({ "stored.csv.gz": gzipSync(jobs()) });
    expect(await done(await post(inner, { "Content-Type": "application/zip" }))).toMatchObject({ inserted: 1000 });
  });

  it("is a 422 that names the files when there is not exactly one", async () => {
    const several = await problemOf(await post(form(await zip({ "a.csv": "1,a\n", "b.csv": "2,b\n" }), "x.zip")), 422);
    expect(several).toMatchObject({ errors: [{ path: "file" }] });
    expect(several.detail).toMatch(/a\.csv, b\.csv/);
    expect((await problemOf(await post(form(await zip({ "a/": "" }), "x.zip")), 422)).detail).toMatch(/has no file/);
  });

  it("is refused when it is encrypted, damaged, incomplete or a bomb", async () => {
    const whole = await zip({ "a.csv": jobs() });
    const encrypted = Buffer.from(whole);
    encrypted[6]! |= 1;
    encrypted[encrypted.indexOf("PK\x01\x02") + 8]! |= 1;
    expect((await problemOf(await post(form(encrypted, "x.zip")), 422)).detail).toMatch(/a\.csv is encrypted/);
    const other = Buffer.from(whole);
    other[other.indexOf("PK\x01\x02") + 10] = 93;
    expect((await problemOf(await post(form(other, "x.zip")), 422)).detail).toMatch(/method 93/);
    const checksum = Buffer.from(whole);
    checksum[checksum.indexOf("PK\x01\x02") + 16]! ^= 1;
    expect((await problemOf(await post(form(checksum, "x.zip")), 400)).detail).toMatch(/damaged/);
    expect((await problemOf(await post(form(whole.subarray(0, -9), "x.zip")), 400)).detail).toMatch(/incomplete/);
    const bomb = await zip({ "a.csv": Buffer.alloc(64 * 1024 * 1024) });
    await problemOf(await post(form(bomb, "x.zip")), 413);
  });

  it("leaves nothing on disk and no file open", async () => {
    const openFiles = () =>
      readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          const path = readlinkSync(`/proc/self/fd/${fd}`);
          return path.startsWith(temporary) ? [path] : [];
        } catch {
          return []; // It was closed meanwhile.
        }
      });
    // A refused file is closed beside its answer.
    await expect.poll(openFiles, { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => readdirSync(temporary), { timeout: 20_000 }).toEqual([]);
  });
});
