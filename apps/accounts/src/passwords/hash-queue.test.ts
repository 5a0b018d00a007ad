import { Problem } from "@quintet/http";
import { expect, test } from "vitest";
import { createHashQueue, hashesAtOnce } from "./hash-queue.ts";

/** Work that continues until the test ends it. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { work: () => promise, end: resolve, fail: reject };
}

test("runs a few at once, lets some wait in order, and refuses the next with Retry-After", async () => {
  const queue = createHashQueue({ atOnce: 2, waiting: 2 });
  const started: number[] = [];
  const jobs = [held(), held(), held(), held()];
  const results = jobs.map((job, index) =>
    queue(() => {
      started.push(index);
      return job.work();
    }),
  );
  expect(started).toEqual([0, 1]);
  const refused = await queue(async () => "never").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Problem);
  expect(refused).toMatchObject({ status: 503, headers: { "Retry-After": "1" } });
  jobs[1]?.end("second");
  expect(await results[1]).toBe("second");
  expect(started).toEqual([0, 1, 2]);
  for (const job of jobs) job.end("done");
  expect(await Promise.all(results)).toEqual(["done", "second", "done", "done"]);
  expect(started).toEqual([0, 1, 2, 3]);
});

test("work that fails gives its place on", async () => {
  const queue = createHashQueue({ atOnce: 1, waiting: 1 });
  const first = held();
  const results = [queue(first.work), queue(async () => "next")];
  first.fail(new Error("broken"));
  await expect(results[0]).rejects.toThrow("broken");
  expect(await results[1]).toBe("next");
  expect(await queue(async () => "later")).toBe("later");
});

test("all workers of a program together hash about as many passwords at once as there are cores", () => {
  const cases = [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 1],
    [3, 2, 1],
    [1, 16, 4],
    [4, 16, 4],
    [5, 16, 3],
    [0, 2, 2],
  ] as const;
  for (const [processes, cores, atOnce] of cases) expect(hashesAtOnce(processes, cores)).toBe(atOnce);
});
