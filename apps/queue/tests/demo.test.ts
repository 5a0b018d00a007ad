import { expect, it } from "vitest";
import { fillDemo } from "../src/demo.ts";
import { demoKey } from "../src/keys.ts";
import { openQueue } from "./open-queue.ts";

it("creates the demo queues once, and again after an interruption", async () => {
  await using open = await openQueue();
  const lines: string[] = [];
  const fill = () => fillDemo(open.deps, (line) => lines.push(line));
  const show = async () =>
    (await open.request("GET", "/queue/queues/demo-orders")).json<{
      counts: object;
      deadLetters: number;
      oldestAgeSeconds: number;
    }>();
  await fill();
  const { oldestAgeSeconds, ...filled } = await show();
  expect(filled).toMatchObject({ counts: { ready: 3, blocked: 1, length: 4 }, deadLetters: 1 });
  await fill();
  const again = await show();
  expect(again).toMatchObject(filled);
  expect(again.oldestAgeSeconds).toBeGreaterThanOrEqual(oldestAgeSeconds);
  expect(lines).toHaveLength(1);
  await open.redis.del(demoKey);
  await fill();
  expect((await show()).counts).toEqual(filled.counts);
  expect((await open.request("POST", "/queue/queues/demo-orders-failed/redrive")).json()).toEqual({ moved: 1 });
});
