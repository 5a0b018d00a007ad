import { startProcess, until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const changes = 60;

test("counts are those of the likes that are there, after one of two processes was killed in the middle", async () => {
  const ids = [await listings.create(), await listings.create(), await listings.create()];
  const program = new URL("like-often.ts", import.meta.url).pathname;
  const env = { MYSQL_URL: listings.config.MYSQL_URL, PROPERTIES: ids.join(), CHANGES: `${changes}` };
  const start = () => startProcess([process.execPath, "--conditions", "development", program], env);
  const [killed, other] = [start(), start()];
  const lines = (text: string) => text.split("\n").length - 1;
  await until(() => lines(killed.out()) > 500);
  killed.child.kill("SIGKILL");
  expect(await killed.ended).toBe("SIGKILL");
  expect(await other.ended, other.errors()).toBe(0);
  expect(lines(other.out())).toBe(100 * changes);
  const counted = await readRows<{ id: number; likes: number; stored: number }>(
    listings.deps.db.pool,
    `SELECT c.property_id AS id, c.likes, (SELECT COUNT(*) FROM liked_properties AS k WHERE k.id_property = c.property_id) AS stored
     FROM like_count AS c ORDER BY c.property_id`,
    {},
  );
  expect(counted.map(({ id }) => id)).toEqual(ids);
  for (const { likes, stored } of counted) expect(likes).toBe(stored);
  expect(Math.max(...counted.map(({ likes }) => likes))).toBeGreaterThan(10);
});
