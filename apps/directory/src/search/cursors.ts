import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import type { Position } from "../users/user.ts";

const cursorSchema = z.tuple([z.string(), z.boolean(), z.string(), z.string(), z.number().int()]);

/** An opaque cursor: a position in the results of one search, and a direction. */
export function cursorAt(key: Buffer, search: string, position: Position, backward: boolean): string {
  const { last, first, id } = position;
  return encodeCursor(key, [search, backward, last, first, id] satisfies z.infer<typeof cursorSchema>);
}

/** Decodes a cursor of this search; throws a 400 that names `cursor` when it is forged or belongs to another search. */
export function readCursor(key: Buffer, search: string, cursor: string): { from: Position; backward: boolean } {
  const [searched, backward, last, first, id] = decodeCursor(key, cursor, cursorSchema);
  if (searched === search) return { from: { last, first, id }, backward };
  const message = "This cursor belongs to a search for another name.";
  throw new Problem("bad-request", message, { errors: [{ path: "cursor", message }] });
}
