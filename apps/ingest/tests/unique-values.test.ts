import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Load } from "../src/loads/load.ts";
import { openIngest, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
beforeAll(async () => {
  ingest = await openIngest({ batchRows: 40, batchMs: 20 });
  const schema = {
    fields: [
      { name: "id", type: "integer" },
      { name: "tag", constraints: { unique: true, maxLength: 40 } },
    ],
    primaryKey: "id",
  };
  expect((await ingest.call("PUT", "/ingest/tables/tags", { json: schema })).status).toBe(201);
});
afterAll(() => ingest[Symbol.asyncDispose]());
beforeEach(() => ingest.rows("DELETE FROM tags"));

const rejectsOf = async ({ id }: Load) => (await ingest.call("GET", `/ingest/loads/${id}/rejects`)).text();
const file = (...rows: [number, string][]) => rows.map((row) => `${row.join(",")}\n`).join("");
const contentOf = () => ingest.rows("SELECT id, tag FROM tags ORDER BY id");
const many = Array.from({ length: 60 }, (_, at): [number, string] => [1000 + at, `more ${at}`]);

it.each([
  ["that another row keeps", [[9, "a"]], 1],
  [
    "that a row of the same batch gives up",
    [
      [1, "b"],
      [2, "a"],
    ],
    0,
  ],
  ["that a row before it gave up", [[1, "z"], ...many, [9, "a"]], 0],
  ["that a row after it would give up", [[9, "a"], ...many, [1, "z"]], 1],
  [
    "that a refused row would give up",
    [
      [2, "x"],
      [9, "b"],
      [1, "c"],
      [8, "a"],
    ],
    2,
  ],
  [
    "that a later row of the same key has no more",
    [
      [9, "a"],
      [9, "y"],
      [3, "c"],
    ],
    0,
  ],
] as [string, [number, string][], number][])(
  "a unique value %s is rejected or stored, whether rows are staged or not",
  async (_, rows, rejected) => {
    const outcomes = [];
    for (const query of ["?mode=upsert", "?mode=upsert&maxRejects=100%25"]) {
      await ingest.rows("DELETE FROM tags");
      await ingest.load("tags", file([1, "a"], [2, "b"], [3, "c"]));
      const load = await ingest.load("tags", file(...rows), query);
      const counts = { inserted: load.inserted, updated: load.updated, rejected: load.rejected };
      outcomes.push({ counts, rejects: await rejectsOf(load), content: await contentOf() });
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0]?.counts.rejected).toBe(rejected);
  },
);

it.each(["?mode=upsert", "?mode=upsert&maxRejects=100%25"])(
  "a row that is rejected for its reference leaves the row with its key as it is: %s",
  async (query) => {
    const fields = [
      { name: "id", type: "integer" },
      { name: "tag", type: "integer" },
      { name: "label", constraints: { unique: true, maxLength: 40 } },
    ];
    const foreignKeys = [{ fields: "tag", reference: { resource: "tags", fields: "id" } }];
    const json = { fields, primaryKey: "id", foreignKeys };
    await ingest.call("PUT", "/ingest/tables/labels", { json });
    await ingest.load("tags", "1,a\n");
    await ingest.load("labels", "1,1,one\n2,1,two\n3,1,three\n");
    const load = await ingest.load("labels", "1,9,none\n2,1,zwei\n", query);
    expect(load).toMatchObject({ updated: 1, rejected: 1 });
    const rows = await ingest.rows("SELECT id, label FROM labels ORDER BY id");
    expect(rows.map(({ label }) => label)).toEqual(["one", "zwei", "three"]);
    await ingest.rows("DELETE FROM labels");
  },
);

it("many values that other rows keep are rejected, and all others are stored", async () => {
  const rows = Array.from({ length: 40 }, (_, at): [number, string] => [at + 1, `tag ${at + 1}`]);
  await ingest.load("tags", file(...rows));
  // All rows of a batch; each second value is one of a row before.
  const more = rows.map(([id], at): [number, string] => [100 + id, at % 2 === 0 ? `tag ${id}` : `more ${id}`]);
  const load = await ingest.load("tags", file(...more), "?mode=upsert");
  expect(load).toMatchObject({ inserted: 20, rejected: 20 });
  expect(await contentOf()).toHaveLength(60);
});

it("batches of a table with a unique column are stored one after the other, since they lock gaps of its index", async () => {
  const other = await ingest.deps.loads.db.getConnection();
  await other.query("START TRANSACTION");
  await other.query("INSERT INTO tags (id, tag) VALUES (1000, 'first')");
  const open = async () =>
    ingest.rows(`SELECT trx_state AS state, trx_rows_modified AS changed FROM information_schema.INNODB_TRX
      WHERE trx_mysql_thread_id IN (SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE())
        AND trx_mysql_thread_id <> CONNECTION_ID() AND trx_mysql_thread_id <> ${other.threadId}`);
  const load = ingest.load("tags", file(...many));
  // The server shows its transactions anew only when nobody has looked for 100 ms.
  const wait = { interval: 150, timeout: 10_000 };
  await vi.waitFor(
    async () => expect(await open()).toContainEqual(expect.objectContaining({ state: "LOCK WAIT" })),
    wait,
  );
  await new Promise((resolve) => setTimeout(resolve, 2 * wait.interval));
  expect((await open()).filter(({ state, changed }) => state === "RUNNING" && Number(changed) > 0)).toEqual([]);
  await other.query("ROLLBACK");
  other.release();
  expect(await load).toMatchObject({ inserted: 60, rejected: 0 });
});
