import { once } from "node:events";
import { openAsBlob, readFileSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testMysql } from "@quintet/db/testing";
import { launchBrowser, openWatched } from "@quintet/pages/testing";
import { findTool } from "@quintet/stores/testing";
import { expect, inject, it } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

const MiB = 1024 * 1024;
const rows = 100_000;
/** The longest text that a column takes: 1,020 bytes. */
const longest = "🦤".repeat(255);

/** The greatest value that `read` gives while `work` runs. */
async function greatestDuring(read: () => number, work: Promise<unknown>): Promise<number> {
  let greatest = read();
  const watch = setInterval(() => {
    greatest = Math.max(greatest, read());
  }, 100);
  await work.finally(() => clearInterval(watch));
  return greatest;
}

const residentBytes = (pid: number | undefined) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

it("a file of 100 MB is loaded by the page with its progress, in bounded memory, and cancelled in the middle", {
  timeout: 600_000,
}, async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const folder = await mkdtemp(join(tmpdir(), "quintet-large-"));
  const { child, url } = await startIngest({ ...ownProcessEnv(database.url), BACKUP_DIR: folder });
  const browser = await launchBrowser(await findTool("chromium", process.env, (line) => console.log(line)));
  try {
    const path = join(folder, "jobs.csv");
    const file = await open(path, "w");
    for (let first = 1; first <= rows; first += 1000) {
      await file.write(Array.from({ length: 1000 }, (_, at) => `${first + at},${longest}\n`).join(""));
    }
    const { size } = await file.stat();
    await file.close();
    expect(size).toBeGreaterThan(100_000_000);
    const get = async (at: string) => (await fetch(url + at, { headers: { Authorization: chief } })).json();
    // The first file costs a process up to 70 MiB once, whatever its size; the bound is of what a further one adds.
    const first = await fetch(`${url}/ingest/departments/csv`, {
      method: "POST",
      headers: { Authorization: chief, "Content-Type": "text/csv" },
      body: await openAsBlob(path),
    });
    expect(await first.json()).toMatchObject({ status: "done", inserted: rows });
    const token = await fetch(`${url}/auth/token`, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "password", username: "chief", password: "chief chief" }),
    });
    const { access_token: access } = (await token.json()) as { access_token: string };
    await using opened = await openWatched(browser, { url, path: "/ingest/new-load?table=jobs", token: access });
    const { page } = opened;
    const processes = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
    const renderers = processes.processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
    const pageBytes = () => renderers.reduce((sum, pid) => sum + residentBytes(pid), 0);
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();

    await page.locator("#file").setInputFiles(path);
    await page.getByRole("heading", { name: "What the file was taken for" }).waitFor();
    const [pageBefore, serverBefore] = [pageBytes(), residentBytes(child.pid)];
    const shares = new Set<string>();
    const load = (async () => {
      await press("Load");
      while (/new-load/.test(page.url())) {
        const text = await page
          .locator(".progress output")
          .first()
          .textContent({ timeout: 1000 })
          .catch(() => null);
        if (text?.includes("%")) shares.add(text);
      }
    })();
    const serverMost = greatestDuring(() => residentBytes(child.pid), load);
    const pageMost = await greatestDuring(pageBytes, load);
    await page.getByText("done", { exact: true }).waitFor();
    const done = (await get(new URL(page.url()).pathname)) as Load;
    expect(done).toMatchObject({ status: "done", received: rows, inserted: rows, rejected: 0, bytes: size });
    expect(shares.size).toBeGreaterThan(3);
    expect((pageMost - pageBefore) / MiB).toBeLessThan(48);
    expect(((await serverMost) - serverBefore) / MiB).toBeLessThan(64);

    await page.goto(`${url}/ingest/new-load?table=jobs&mode=upsert`);
    await page.locator("#file").setInputFiles(path);
    await page.getByRole("heading", { name: "What the file was taken for" }).waitFor();
    await press("Load");
    await page
      .locator("[data-load-state]")
      .getByText(/[1-9][\d,]* rows/)
      .first()
      .waitFor();
    await press("Cancel the load");
    await page.waitForURL(/\/ingest\/loads\/\d+$/);
    await page.getByText("The load was cancelled.").waitFor();
    const cancelled = (await get(new URL(page.url()).pathname)) as Load;
    expect(cancelled.status).toBe("cancelled");
    expect(cancelled.received).toBeGreaterThan(0);
    expect(cancelled.received).toBeLessThan(rows);
    opened.complaints.length = 0; // The browser reports the request that was ended.
  } finally {
    await browser.close();
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  }
});
