import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";
import type { LikesPosition } from "../likes/like-queries.ts";
import type { DatePosition, HistoryPosition } from "../properties/property.ts";
import { type Sort, type SortPosition, sortOrders } from "../search/sort-orders.ts";

const id = z.number().int();
const date = z.iso.datetime().transform((text) => new Date(text));

/** The cursor after a position of a search. It is valid for this sort order only. */
export function searchCursor(key: Buffer, sort: Sort, position: SortPosition): string {
  return encodeCursor(key, [sort, position.key, position.id]);
}

/** The position in a cursor of `searchCursor`; any other cursor is a 400. */
export function searchPosition(key: Buffer, sort: Sort, cursor: string): SortPosition {
  const sorted = sortOrders[sort].column === "date" ? date : z.number();
  const [, value, last] = decodeCursor(key, cursor, z.tuple([z.literal(sort), sorted, id]));
  return { key: value, id: last };
}

/** The cursor after a position of the list called `list`, which is sorted by date. */
export function dateCursor(key: Buffer, list: string, position: DatePosition): string {
  return encodeCursor(key, [list, position.date, position.id]);
}

/** The place in a cursor of `datedCursor` for the same list; any other cursor is a 400. */
export function datePosition(key: Buffer, list: string, cursor: string): DatePosition {
  const [, value, last] = decodeCursor(key, cursor, z.tuple([z.literal(list), date, id]));
  return { date: value, id: last };
}

/** The cursor after a position of the most liked properties. */
export function likesCursor(key: Buffer, { likes, id }: LikesPosition): string {
  return encodeCursor(key, ["most-liked", likes, id]);
}

/** The position in a cursor of `likesCursor`; any other cursor is a 400. */
export function likesPosition(key: Buffer, cursor: string): LikesPosition {
  const [, likes, last] = decodeCursor(key, cursor, z.tuple([z.literal("most-liked"), id, id]));
  return { likes, id: last };
}

/** The cursor after an entry of the status history of a property. */
export function historyCursor(key: Buffer, property: number, position: HistoryPosition): string {
  return encodeCursor(key, [`history of ${property}`, position.date, position.id]);
}

/** The cursor after a price of a property. */
export function priceCursor(key: Buffer, property: number, last: number): string {
  return encodeCursor(key, [`prices of ${property}`, last]);
}

/** The id of the last price before a cursor of `priceCursor` for the same property; any other cursor is a 400. */
export function pricePosition(key: Buffer, property: number, cursor: string): number {
  return decodeCursor(key, cursor, z.tuple([z.literal(`prices of ${property}`), id]))[1];
}

/** The position in a cursor of `historyCursor` for the same property; any other cursor is a 400. */
export function historyPosition(key: Buffer, property: number, cursor: string): HistoryPosition {
  const shape = z.tuple([z.literal(`history of ${property}`), date.nullable(), id]);
  const [, value, last] = decodeCursor(key, cursor, shape);
  return { date: value, id: last };
}
