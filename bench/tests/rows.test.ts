import { testMysql, testPostgres, testPrefix } from "@quintet/db/testing";
import { describe, expect, inject, it } from "vitest";
import { interleave, median } from "../src/interleave.ts";
import { rows } from "../src/rows.ts";
import { type OpenStores, openRowStores } from "../src/stores.ts";

/** Databases and a prefix of its own on the stores of all tests: to start stores takes longer than a row. */
const openStores: OpenStores = async (needs) => {
  await using stack = new AsyncDisposableStack();
  const redis = inject("redisUrl");
  const env: NodeJS.ProcessEnv = { REDIS_URL: redis, CACHE_REDIS_URL: redis, REDIS_PREFIX: testPrefix() };
  if (needs.includes("mysql")) env.MYSQL_URL = stack.use(await testMysql(inject("mysqlUrl"))).url;
  if (needs.includes("postgres")) env.POSTGRES_URL = stack.use(await testPostgres(inject("postgresUrl"))).url;
  const stores = stack.use(await openRowStores(needs, env));
  const resources = stack.move();
  return { ...stores, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** Rows that start the same programs as others, and only run with all tests at their full size. */
const further = ["accounts", "load-wide", "load-memory", "load-service", "load-parquet", "messages", "sqs", "transfer"];
const chosen = rows.filter(({ name }) => process.env.QUINTET_FAULTS === "full" || !further.includes(name));

describe("the rows", () => {
  it.each(chosen.map((row) => [row.name, row] as const))(
    "%s works for a moment",
    async (_name, row) => {
      await row.run({ rounds: 1, seconds: 0.1, scale: 0.002, openStores });
    },
    60_000,
  );
});

describe("interleave", () => {
  it("takes ratios within a round, so that a drift of the machine cancels out", async () => {
    let measured = 0;
    // The machine halves its speed after every round of two.
    const variant = (name: string, figure: number) => ({
      name,
      measure: async () => ({ figure: figure * 0.5 ** Math.floor(measured++ / 2) }),
    });
    const outcomes = await interleave([variant("base", 100), variant("double", 200)], 4);
    expect(outcomes.map((outcome) => outcome.ratio)).toEqual([1, 2]);
  });

  it("knows a median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
