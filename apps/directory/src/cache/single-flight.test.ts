import { expect, it } from "vitest";
import { singleFlight } from "./single-flight.ts";

function gated() {
  const gates: PromiseWithResolvers<number>[] = [];
  const run = singleFlight(() => {
    const gate = Promise.withResolvers<number>();
    gates.push(gate);
    return gate.promise;
  });
  return { gates, run };
}

it("gives calls during a run the result of the next run", async () => {
  const { gates, run } = gated();
  const first = run();
  const second = [run(), run()];
  expect(gates).toHaveLength(1);
  gates[0]!.resolve(1);
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(gates).toHaveLength(2);
  const third = run();
  gates[1]!.resolve(2);
  expect(await Promise.all(second)).toEqual([2, 2]);
  await Promise.resolve();
  gates[2]!.resolve(3);
  expect(await third).toBe(3);
});

it("continues after a failed run", async () => {
  const { gates, run } = gated();
  const first = run();
  const second = run();
  gates[0]!.reject(new Error("no"));
  await expect(first).rejects.toThrow("no");
  gates[1]!.resolve(2);
  expect(await second).toBe(2);
});
