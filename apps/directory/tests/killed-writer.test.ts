import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { storeProxy } from "@quintet/stores/testing";
import { expect, inject, it } from "vitest";
import { listOf, openDirectory } from "./installation.ts";

/** A process that commits one write and is killed before it can do anything more: it responds to nobody and notifies nobody. */
async function writtenByOneWhoDies(postgresUrl: string, lastName: string): Promise<void> {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const program = `
    import { connectPostgres } from ${module("../../../packages/db/src/index.ts")};
    import { createUser } from ${module("../src/users/users.ts")};
    const sql = connectPostgres(process.env.POSTGRES_URL, { connections: 1 });
    const bio = "", email = process.env.LAST_NAME + "@example.com";
    await createUser({ postgres: sql }, { firstName: "Kim", lastName: process.env.LAST_NAME, email, bio });
    process.kill(process.pid, "SIGKILL");`;
  const env = { ...process.env, POSTGRES_URL: postgresUrl, LAST_NAME: lastName };
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { env });
  await expect(run).rejects.toMatchObject({ signal: "SIGKILL" });
}

it("what a killed process has written is seen by the next read of every other, with the cache's Redis and while it stands still", async () => {
  await using proxy = await storeProxy(inject("cacheRedisUrl"));
  await using directory = await openDirectory({ CACHE_REDIS_URL: proxy.url });
  await using other = directory.instance();
  const totals = async (name: string) => {
    const path = `/directory/users?name=${name}`;
    // Twice: what the first has computed, the second may take from the cache.
    const responses = [
      await directory.anyone("GET", path),
      await other.anyone("GET", path),
      await other.anyone("GET", path),
    ];
    return responses.map((response) => listOf(response).total);
  };
  expect(await totals("mourned")).toEqual([0, 0, 0]);
  await writtenByOneWhoDies(directory.postgresUrl, "Mourned");
  expect(await totals("mourned")).toEqual([1, 1, 1]);
  await using restarted = directory.instance();
  expect(listOf(await restarted.anyone("GET", "/directory/users?name=mourned")).total).toBe(1);

  expect(await totals("missed")).toEqual([0, 0, 0]);
  proxy.freeze();
  await writtenByOneWhoDies(directory.postgresUrl, "Missed");
  expect(await totals("missed")).toEqual([1, 1, 1]);
  proxy.thaw();
  await using later = directory.instance();
  expect(listOf(await later.anyone("GET", "/directory/users?name=missed")).total).toBe(1);
});
