import { afterAll, beforeAll, expect, it } from "vitest";
import { fillDemo } from "../src/demo.ts";
import { type Installation, openDirectory, someone } from "./installation.ts";
import { seeded } from "./seeded.ts";

/** What is left of the cache while users are written all the time: counted, not timed. */
const seconds = process.env.QUINTET_FAULTS === "full" ? 60 : 5;
const writesPerSecond = 14;

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory({ DEMO_USERS: "3000" });
  await fillDemo(directory.deps, () => {});
});
afterAll(() => directory[Symbol.asyncDispose]());

it(`serves popular searches from the cache at ${writesPerSecond} writes a second over random users`, async () => {
  const { seed, below, pick } = seeded(914);
  const { postgres: sql } = directory.deps;
  const popular = await sql<{ name: string }[]>`
    SELECT name FROM directory.last_names WHERE length(name) > 3 ORDER BY users DESC, name LIMIT 20`;
  const paths = popular.map(({ name }) => `/directory/users?${new URLSearchParams({ name })}`);
  const ids = (await sql<{ id: string }[]>`SELECT id FROM directory.users`).map(({ id }) => id);
  const names = (await sql<{ name: string }[]>`SELECT last_name AS name FROM directory.users`).map(({ name }) => name);
  const path = () => `/directory/users/${pick(ids)}`;
  const patch = (body: object) => directory.staff("PATCH", path(), body, { "If-Match": "*" });
  const writes = [
    () => patch({ bio: `Bio ${below(1_000_000)}` }),
    () => patch({ lastName: pick(names) }),
    () => directory.staff("POST", "/directory/users", someone({ lastName: pick(names) })),
    () => directory.staff("DELETE", path()),
  ];
  const states = async () => {
    const responses = await Promise.all(paths.map((one) => directory.anyone("GET", one)));
    return responses.map((response) => response.headers.get("x-cache"));
  };
  await states();
  const seen: (string | null)[] = [];
  for (let second = 0; second < seconds; second++) {
    for (let i = 0; i < writesPerSecond; i++) await pick(writes)();
    seen.push(...(await states()));
  }
  const hits = seen.filter((state) => state === "HIT").length;
  expect(hits / seen.length, `seed ${seed}`).toBeGreaterThan(0.7);
  // Some of these writes are of users whom these searches find.
  expect(hits, `seed ${seed}`).toBeLessThan(seen.length);
});
