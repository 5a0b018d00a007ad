import { afterAll, expect, it } from "vitest";
import { wholeContract } from "./contract/index.ts";
import { startBehindHttp } from "./harness/installation.ts";
import { fetchDocument } from "./harness/operations.ts";
import { expectProblem } from "./harness/problem.ts";

/** The contract with each app in a process of its own, behind HTTP. */
const quintet = await startBehindHttp();
afterAll(() => quintet[Symbol.asyncDispose]());

await wholeContract(quintet);

it("goes on without an app that is away, and says which", async () => {
  const { anyone, plain } = quintet;
  const before = await fetchDocument(anyone, "/openapi.json");
  await quintet.stop("queue");
  const away = await plain.get("/queue/count");
  expectProblem(away, 503);
  expect(away.headers["retry-after"]).toMatch(/^\d+$/);
  const health = await anyone.get("/health");
  expect(health.status).toBe(503);
  expect(health.json()).toMatchObject({
    status: "failing",
    checks: { queue: { status: "failing" }, social: { status: "ok" } },
  });
  expect((await plain.get("/social/posts")).status).toBe(200);
  expect(Object.keys((await fetchDocument(anyone, "/openapi.json")).paths)).toEqual(Object.keys(before.paths));
});
