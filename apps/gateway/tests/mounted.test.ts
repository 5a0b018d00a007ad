import { afterAll, expect, it, vi } from "vitest";
import { contractSettings, wholeContract } from "./contract/index.ts";
import { startMounted } from "./harness/installation.ts";

/** The contract with every app in the gateway's own process. */
const quintet = await startMounted(contractSettings);
afterAll(() => quintet[Symbol.asyncDispose]());

await wholeContract(quintet);

it("tells the metrics of both workers together, whichever is asked", { timeout: 90_000 }, async () => {
  const fresh = { Connection: "close" };
  const asked = 40;
  await Promise.all(Array.from({ length: asked }, () => quintet.anyone.with(fresh).get("/social/openapi.json")));
  const counted =
    /^quintet_http_requests_total\{app="social",method="GET",route="\/social\/openapi.json",status="2xx"\} (\d+)$/m;
  const bucket =
    /^quintet_http_request_duration_seconds_count\{app="social",method="GET",route="\/social\/openapi.json",status="2xx"\} (\d+)$/m;
  // A request is counted once its answer has gone out, which may be after its client has it.
  await vi.waitFor(async () => {
    const texts = await Promise.all(Array.from({ length: 10 }, () => quintet.staff.with(fresh).get("/metrics")));
    const counts = new Set(texts.map(({ text }) => Number(counted.exec(text)?.[1])));
    expect(counts.size).toBe(1);
    expect([...counts][0]).toBeGreaterThanOrEqual(asked);
    expect(new Set(texts.map(({ text }) => Number(bucket.exec(text)?.[1])))).toEqual(counts);
  }, 60_000);
});
