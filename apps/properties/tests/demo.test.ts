import { afterAll, beforeAll, expect, test } from "vitest";
import { fillDemo } from "../src/demo/fill-demo.ts";
import { demoListings } from "../src/demo/listings.ts";
import { properties as definition } from "../src/index.ts";
import { type OpenListings, openListings } from "./open-listings.ts";
import { readRows } from "./read-rows.ts";

let listings: OpenListings;
beforeAll(async () => {
  listings = await openListings();
});
afterAll(() => listings[Symbol.asyncDispose]());

const counts = async () => {
  const text = `SELECT (SELECT COUNT(*) FROM property) AS properties, (SELECT COUNT(*) FROM status_history) AS history,
    (SELECT COUNT(*) FROM listing) AS listings`;
  return (await readRows(listings.deps.db.pool, text, {}))[0];
};

test("two processes that start together fill it once", async () => {
  const lines: string[] = [];
  const fill = () => fillDemo(listings.deps, (line) => lines.push(line));
  await Promise.all([fill(), fill()]);
  const history = demoListings(400).reduce((sum, listing) => sum + listing.history.length, 0);
  expect(await counts()).toEqual({ properties: 400, history, listings: 400 });
  expect(lines).toEqual([expect.stringMatching(/^Demo data: 400 properties created in /)]);
  await fill();
  expect(await counts()).toEqual({ properties: 400, history, listings: 400 });
});

test("the examples are the same ones every time, and no status lies in the future", () => {
  expect(demoListings(50)).toEqual(demoListings(50));
  const dates = demoListings(400).flatMap(({ history }) => history.map(({ updateDate }) => updateDate.getTime()));
  expect(Math.max(...dates)).toBeLessThan(Date.UTC(2025, 0, 1));
});

test("migrating again, and by two at once, changes nothing", async () => {
  const before = await counts();
  await Promise.all([definition.migrate(listings.config), definition.migrate(listings.config)]);
  expect(await counts()).toEqual(before);
});
