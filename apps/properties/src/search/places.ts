/** A box of degrees, inclusive, that does not cross the antimeridian. */
export interface Box {
  south: number;
  north: number;
  west: number;
  east: number;
}

/** A circle: its centre in degrees, and its radius. */
export interface Circle {
  lat: number;
  lon: number;
  km: number;
}

/** Where a search looks: in any of the boxes, and in the circle if there is one, whose boxes these are then. */
export interface Area {
  boxes: Box[];
  circle?: Circle | undefined;
}

/** The radius of the Earth in km, as a sphere (IUGG mean radius); the same as in `distance` of `places.sql`. */
const earthKm = 6371.0088;
/** The greatest distance of two places, in km. */
export const maxKm = 20_016;

const degrees = (radians: number) => (radians * 180) / Math.PI;
const radians = (inDegrees: number) => (inDegrees * Math.PI) / 180;

/** The boxes from a south-western to a north-eastern corner; `east` is less than `west` across the antimeridian (RFC 7946 section 5.2). */
export function boxesBetween({ south, north, west, east }: Box): Box[] {
  // Both longitudes of the antimeridian are one place, which is stored as 180; a pole has all of them.
  const boxes =
    west <= east
      ? [{ south, north, west, east }, ...(west === -180 ? [{ south, north, west: 180, east: 180 }] : [])]
      : [
          { south, north, west, east: 180 },
          { south, north, west: -180, east },
        ];
  const poles = [-90, 90].filter((pole) => south <= pole && pole <= north);
  return [...boxes, ...poles.map((pole) => ({ south: pole, north: pole, west: -180, east: 180 }))];
}

/** Boxes that cover a circle. */
export function boxesAround({ lat, lon, km }: Circle): Box[] {
  // A little more, so that no rounding leaves out a place at the edge.
  const angle = (km / earthKm) * (1 + 1e-9) + 1e-8;
  const [south, north] = [lat - degrees(angle), lat + degrees(angle)];
  if (south <= -90 || north >= 90) {
    return [{ south: Math.max(-90, south), north: Math.min(90, north), west: -180, east: 180 }];
  }
  const width = degrees(Math.asin(Math.min(1, Math.sin(angle) / Math.cos(radians(lat)))));
  const [west, east] = [lon - width, lon + width];
  if (width >= 180) return [{ south, north, west: -180, east: 180 }];
  if (west < -180) return boxesBetween({ south, north, west: west + 360, east });
  if (east > 180) return boxesBetween({ south, north, west, east: east - 360 });
  return boxesBetween({ south, north, west, east });
}

/** The boxes of what is in both lists. */
function overlaps(some: Box[], others: Box[]): Box[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const south = Math.max(one.south, other.south);
      const north = Math.min(one.north, other.north);
      const west = Math.max(one.west, other.west);
      const east = Math.min(one.east, other.east);
      return south <= north && west <= east ? [{ south, north, west, east }] : [];
    }),
  );
}

/** The area of a circle, a box or both; undefined without any. It has no boxes where they do not meet. */
export function areaOf(circle: Circle | undefined, box: Box | undefined): Area | undefined {
  if (!circle) return box && { boxes: boxesBetween(box) };
  const around = boxesAround(circle);
  return { boxes: box ? overlaps(around, boxesBetween(box)) : around, circle };
}

/** The part of an area within another radius. */
export function withinKm({ boxes, circle }: Area, km: number): Area {
  if (!circle) throw new Error("The area has no circle.");
  const smaller = { ...circle, km };
  return { boxes: overlaps(boxesAround(smaller), boxes), circle: smaller };
}

/** A box as a geometry (WKT) whose bounding rectangle is slightly larger. */
export function wktOf({ south, north, west, east }: Box): string {
  const edge = 1e-6;
  return `LINESTRING(${west - edge} ${south - edge}, ${east + edge} ${north + edge})`;
}

/** Whether a place is in a box. */
export function isIn({ south, north, west, east }: Box, { lat, lon }: { lat: number; lon: number }): boolean {
  return south <= lat && lat <= north && west <= lon && lon <= east;
}

/** The distance of two places in km; the same as `distance` of `places.sql`. */
export function kmBetween(one: { lat: number; lon: number }, other: { lat: number; lon: number }): number {
  const half = (a: number, b: number) => Math.sin(radians(a - b) / 2) ** 2;
  const angle =
    half(other.lat, one.lat) + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * half(other.lon, one.lon);
  return earthKm * 2 * Math.asin(Math.min(1, Math.sqrt(angle)));
}
