import { expect, test } from "vitest";
import { areaOf, boxesAround, boxesBetween, type Circle, isIn, withinKm } from "./places.ts";

/** The distance in km by the chord between two points of a sphere: another formula than that of the statements. */
function distance(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const point = ({ lat, lon }: { lat: number; lon: number }) => {
    const [phi, lambda] = [(lat * Math.PI) / 180, (lon * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  };
  const [p, q] = [point(a), point(b)];
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]) / 2));
}

test("the boxes of a circle have every place in it, at the poles and the antimeridian too", () => {
  const circles: Circle[] = [0, 4.6, -33, 60, 89.9, -89.99, 90, -90].flatMap((lat) =>
    [0, -74.08, 179.95, -179.95, 180, -180].flatMap((lon) =>
      [0.5, 30, 900, 9000, 20_000].map((km) => ({ lat, lon, km })),
    ),
  );
  for (const circle of circles) {
    const boxes = boxesAround(circle);
    expect(boxes.length).toBeLessThanOrEqual(4);
    for (let i = 0; i < 200; i++) {
      // Most of them near its edge.
      const spread = Math.min(170, (circle.km / 111) * 1.2);
      const lat = Math.max(-90, Math.min(90, circle.lat + Math.sin(i) * spread));
      const around = circle.lon + (Math.cos(i * 1.7) * spread) / Math.max(0.01, Math.cos((circle.lat * Math.PI) / 180));
      const lon = ((((around + 180) % 360) + 360) % 360) - 180;
      if (distance(circle, { lat, lon }) > circle.km) continue;
      expect(
        boxes.some((box) => isIn(box, { lat, lon: lon === -180 ? 180 : lon })),
        JSON.stringify({ circle, lat, lon, boxes }),
      ).toBe(true);
    }
  }
});

test("a box across the antimeridian is two, and both longitudes of it are one", () => {
  expect(boxesBetween({ south: -20, north: -10, west: 170, east: -170 })).toEqual([
    { south: -20, north: -10, west: 170, east: 180 },
    { south: -20, north: -10, west: -180, east: -170 },
  ]);
  expect(
    boxesBetween({ south: 1, north: 2, west: -180, east: -170 }).some((box) => isIn(box, { lat: 1, lon: 180 })),
  ).toBe(true);
  expect(
    boxesBetween({ south: 80, north: 90, west: 10, east: 20 }).some((box) => isIn(box, { lat: 90, lon: -5 })),
  ).toBe(true);
});

test("a circle and a box that do not meet have no boxes; a smaller circle is within both", () => {
  const box = { south: 4, north: 5, west: -75, east: -74 };
  expect(areaOf({ lat: 10, lon: 10, km: 5 }, box)?.boxes).toEqual([]);
  const area = areaOf({ lat: 4.5, lon: -74, km: 50 }, box)!;
  for (const { west, east } of withinKm(area, 1).boxes) {
    expect(west).toBeGreaterThan(-74.02);
    expect(east).toBe(-74);
  }
});
