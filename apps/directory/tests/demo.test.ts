import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { fillDemo } from "../src/demo.ts";
import { type Installation, listOf, openDirectory } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory({ DEMO_USERS: "40000" });
});
afterAll(() => directory[Symbol.asyncDispose]());

const total = async () => listOf(await directory.anyone("GET", "/directory/users?limit=1")).total;

describe("the demo users", () => {
  it("leave nothing behind when their creation is interrupted, and are created by the next start", async () => {
    expect(await total()).toBe(0);
    const stopped = directory.instance();
    const begun = Promise.withResolvers<void>();
    const fill = fillDemo(stopped.deps, () => begun.resolve());
    await begun.promise;
    await stopped[Symbol.asyncDispose]();
    await expect(fill).rejects.toThrow();
    expect(await total()).toBe(0);

    const { postgres: sql } = directory.deps;
    await vi.waitFor(async () => {
      // The server lets go of the lock when it notices that the connection is gone.
      await fillDemo(directory.deps, () => {});
      expect(await total()).toBeGreaterThan(0);
    }, 30_000);
    expect(await total()).toBe(40_000);
    const [counts] = await sql`
      SELECT (SELECT sum(users) FROM directory.last_names) AS last, (SELECT sum(users) FROM directory.first_names) AS first`;
    expect(counts).toEqual({ last: "40000", first: "40000" });
  });

  it("are not created a second time", async () => {
    const lines: string[] = [];
    await fillDemo(directory.deps, (line) => lines.push(line));
    expect(lines).toEqual([]);
  });

  it("are always the same", async () => {
    await using again = await openDirectory({ DEMO_USERS: "1000" });
    await fillDemo(again.deps, () => {});
    const texts = (deps: typeof again.deps) => deps.postgres`
      SELECT first_name, last_name, email, bio, created_at FROM directory.users ORDER BY id LIMIT 1000`;
    expect([...(await texts(again.deps))]).toEqual([...(await texts(directory.deps))]);
  });

  it.each(["smi", "smith", "zq", "josé", "muller", "Łukasz", "nguyen", "Ольга", "maria garcia"])(
    "have responses for %j",
    async (name) => {
      const found = await directory.anyone("GET", `/directory/users?name=${encodeURIComponent(name)}`);
      expect(listOf(found).total).toBeGreaterThan(0);
    },
  );
});
