import { expect, it } from "vitest";
import { Places } from "./slot-map.ts";

it("keeps what came and has not gone, and gives a place again", () => {
  const places = new Places<{ name: string }>();
  const [a, b, c] = ["a", "b", "c"].map((name) => places.take({ name })) as [number, number, number];
  places.leave(b);
  expect([...places]).toEqual([{ name: "a" }, { name: "c" }]);
  expect(places.take({ name: "d" })).toBe(b);
  expect([...places]).toEqual([{ name: "a" }, { name: "d" }, { name: "c" }]);
  for (const place of [a, b, c]) places.leave(place);
  expect([...places]).toEqual([]);
});
