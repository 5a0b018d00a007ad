import { Readable } from "node:stream";
import { afterAll, expect, it } from "vitest";
import { contractSettings, secondDepth, wholeContract } from "./contract/index.ts";
import { startBehindHttp } from "./harness/installation.ts";
import { fetchDocument } from "./harness/operations.ts";
import { expectProblem } from "./harness/problem.ts";

/** The contract with each app in a process of its own, behind HTTP. */
const quintet = await startBehindHttp(contractSettings);
afterAll(() => quintet[Symbol.asyncDispose]());

await wholeContract(quintet, secondDepth);

it("passes a CSV file of 30 MB on as it comes", async () => {
  const line = (i: number) => `${i},${"Job of many words and more ".repeat(4)}${i}\n`;
  const perPart = 1000;
  const parts = Math.ceil((30 * 1024 * 1024) / (line(100_000).length * perPart));
  function* file() {
    for (let part = 0; part < parts; part++) {
      yield Array.from({ length: perPart }, (_, i) => line(part * perPart + i + 1)).join("");
    }
  }
  const [query, headers] = [{ mode: "replace" }, { "Content-Type": "text/csv" }];
  expect((await quintet.staff.delete("/ingest/hired_employees")).status).toBe(204);
  const load = await quintet.staff.post("/ingest/jobs/csv", Readable.from(file()), { query, headers });
  expect(load.json(), load.text).toMatchObject({ received: parts * perPart, inserted: parts * perPart, rejected: 0 });
}, 120_000);

it("goes on without an app that is away, and says which", async () => {
  const { anyone, plain } = quintet;
  const before = await fetchDocument(anyone, "/openapi.json");
  await quintet.stop("queue");
  const away = await plain.get("/queue/count");
  expectProblem(away, 503);
  expect(away.headers["retry-after"]).toMatch(/^\d+$/);
  const health = await anyone.get("/health");
  expect(health.status).toBe(200);
  expect(health.json()).toMatchObject({
    status: "degraded",
    checks: { queue: { status: "failing" }, social: { status: "ok" } },
  });
  expect((await plain.get("/social/posts")).status).toBe(200);
  expect(Object.keys((await fetchDocument(anyone, "/openapi.json")).paths)).toEqual(Object.keys(before.paths));
});
