import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testMysql } from "@quintet/db/testing";
import { expect, inject, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";
import { sendByTus } from "./send-by-tus.ts";

it("an upload goes on at another process after kill -9", { timeout: 60_000 }, async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const folder = await mkdtemp(join(tmpdir(), "quintet-uploads-"));
  const env = { ...ownProcessEnv(database.url), UPLOAD_DIR: folder, BACKUP_DIR: folder };
  const first = await startIngest(env);
  const second = await startIngest(env);
  try {
    const file = Buffer.from(Array.from({ length: 200_000 }, (_, id) => `${id + 1},Job ${id + 1}\n`).join(""));
    let killed = false;
    const url = await sendByTus(first.url, file, chief, {
      chunkSize: 256 * 1024,
      onProgress: (bytes: number) => {
        if (killed || bytes < file.length / 2) return;
        killed = true;
        first.child.kill("SIGKILL");
      },
      retryDelays: [],
    }).catch((error: unknown) => error);
    expect(url).toBeInstanceOf(Error);
    const [id = ""] = readdirSync(folder).filter((name) => /^[0-9a-f]{32}$/.test(name));
    const rest = await sendByTus(second.url, file, chief, { uploadUrl: `${second.url}/ingest/uploads/${id}` });
    expect(rest.slice(-32)).toBe(id);
    const response = await fetch(`${second.url}/ingest/jobs/csv?upload=${id}`, {
      method: "POST",
      headers: { Authorization: chief },
    });
    const load = (await response.json()) as Load;
    expect(load).toMatchObject({ status: "done", received: 200_000, inserted: 200_000, bytes: file.length });
  } finally {
    for (const { child } of [first, second]) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  }
});

it("a Parquet file that asks to be loaded is loaded by another process after kill -9", {
  timeout: 60_000,
}, async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const folder = await mkdtemp(join(tmpdir(), "quintet-uploads-"));
  const env = {
    ...ownProcessEnv(database.url),
    BACKUP_DIR: folder,
    LOADING: JSON.stringify({ batchRows: 1000, heartbeatTimeoutMs: 1000 }),
  };
  const first = await startIngest(env);
  const second = await startIngest(env);
  try {
    const file = await readFile(new URL("parquet/many-jobs.parquet", import.meta.url));
    await sendByTus(first.url, file, chief, { metadata: { filename: "jobs.parquet", table: "jobs", map: "id:id" } });
    const received = (least: number) =>
      vi.waitFor(async () => {
        const page = await fetch(`${second.url}/ingest/loads`, { headers: { Authorization: chief } });
        const { loads } = (await page.json()) as { loads: Load[] };
        expect(loads[0]?.received).toBeGreaterThanOrEqual(least);
        return loads;
      }, 30_000);
    const [begun] = await received(20_000);
    expect(begun?.status).toBe("running");
    const ended = once(first.child, "exit");
    first.child.kill("SIGKILL");
    await ended;
    const loads = await received(200_000);
    expect(loads).toMatchObject([{ format: "parquet", inserted: 200_000, rejected: 0 }]);
  } finally {
    for (const { child } of [first, second]) {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  }
});
