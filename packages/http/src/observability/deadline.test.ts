import { expect, it } from "vitest";
import { deadline } from "./deadline.ts";

const never = new Promise<string>(() => {});
const late = () => {
  throw new Error("late");
};

it("gives the result, or the error, of a promise that is settled in time", async () => {
  expect(await deadline(Promise.resolve("done"), 60_000, late)).toBe("done");
  await expect(deadline(Promise.reject(new Error("failed")), 60_000, late)).rejects.toThrow("failed");
});

it("gives what is returned or thrown for a promise that is not", async () => {
  expect(await deadline(never, 1, () => "instead")).toBe("instead");
  await expect(deadline(never, 1, late)).rejects.toThrow("late");
});

it("takes a result that was there before the process got to look at the time", async () => {
  const result = new Promise((resolve) => setTimeout(resolve, 2, "there"));
  const waiting = deadline(result, 1, late);
  for (const from = performance.now(); performance.now() - from < 20; );
  expect(await waiting).toBe("there");
});
