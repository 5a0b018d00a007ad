import { expect, it } from "vitest";
import { SlotMap } from "./slot-map.ts";

it("keeps what came and has not gone, and gives a place again", () => {
  const places = new SlotMap<{ name: string }>();
  const [a, b, c] = ["a", "b", "c"].map((name) => places.add({ name })) as [number, number, number];
  places.remove(b);
  expect([...places]).toEqual([{ name: "a" }, { name: "c" }]);
  expect(places.add({ name: "d" })).toBe(b);
  expect([...places]).toEqual([{ name: "a" }, { name: "d" }, { name: "c" }]);
  for (const place of [a, b, c]) places.remove(place);
  expect([...places]).toEqual([]);
});
