import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { testMysql } from "@quintet/db/testing";
import { expect, inject, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv } from "./own-process.ts";

const MiB = 1024 * 1024;
/** The longest text that a column takes: 1,020 bytes. */
const longest = "🦤".repeat(255);

/** Lines for jobs with the longest names, so that many bytes are few rows; every hundredth is faulty. Made while they are sent. */
function lines(first: number, bytes: number): ReadableStream<Uint8Array> {
  let id = first;
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      let text = "";
      while (text.length < 64 * 1024) text += id++ % 100 === 0 ? `${id},\n` : `${id},${longest}\n`;
      const chunk = Buffer.from(text);
      controller.enqueue(chunk);
      sent += chunk.length;
      if (sent >= bytes) controller.close();
    },
  });
}

it("the memory of a load does not grow with the file", { timeout: 120_000 }, async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const child = spawn(process.execPath, [fileURLToPath(new URL("serve-ingest.ts", import.meta.url))], {
    env: ownProcessEnv(database.url),
  });
  try {
    const [port] = await once(child.stdout, "data");
    const load = async (first: number, bytes: number) => {
      const response = await fetch(`http://127.0.0.1:${String(port).trim()}/ingest/jobs/csv`, {
        method: "POST",
        headers: {
          Authorization: chief,
          "Content-Type": "text/csv",
        },
        body: lines(first, bytes),
        duplex: "half",
      } as RequestInit);
      return (await response.json()) as Load;
    };
    const residentBytes = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) * 1024;
    await load(1, 24 * MiB);
    const before = residentBytes();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, residentBytes());
    }, 100);
    const big = await load(1_000_000, 64 * MiB);
    clearInterval(watch);
    expect(big.bytes).toBeGreaterThan(64 * MiB);
    expect(big.rejected).toBe(Math.floor(big.received / 100) + (big.received % 100 === 0 ? 0 : 1));
    expect(big.inserted).toBe(big.received - big.rejected);
    expect(most - before).toBeLessThan(48 * MiB);
  } finally {
    child.kill("SIGKILL");
  }
});
