import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { DatedPlace } from "./property.ts";
import { type Place, type Sort, sortOrders } from "./sort-orders.ts";

const id = z.number().int();
const date = z.iso.datetime().transform((text) => new Date(text));

/** The cursor that goes on after a place of a search. It holds for this order of sorting only. */
export function searchCursor(key: Buffer, sort: Sort, place: Place): string {
  return encodeCursor(key, [sort, place.key, place.id]);
}

/** The place in a cursor of `searchCursor`; any other cursor is a 400. */
export function searchPlace(key: Buffer, sort: Sort, cursor: string): Place {
  const sorted = sortOrders[sort].column === "date" ? date : z.number();
  const [, value, last] = decodeCursor(key, cursor, z.tuple([z.literal(sort), sorted, id]));
  return { key: value, id: last };
}

/** The cursor that goes on after a place of the list called `list`, which is sorted by date. */
export function datedCursor(key: Buffer, list: string, place: DatedPlace): string {
  return encodeCursor(key, [list, place.date, place.id]);
}

/** The place in a cursor of `datedCursor` for the same list; any other cursor is a 400. */
export function datedPlace(key: Buffer, list: string, cursor: string): DatedPlace {
  const [, value, last] = decodeCursor(key, cursor, z.tuple([z.literal(list), date, id]));
  return { date: value, id: last };
}
