import { decodeCursor, encodeCursor } from "@quintet/http";
import { z } from "zod";

/** The position in a list that is ordered by ids, and the cursor of the page after it. */
export function idCursors(key: Buffer, list: string) {
  const shape = z.tuple([z.literal(list), z.number().int()]);
  return {
    after: (cursor: string | undefined): number | undefined => decodeCursor(key, cursor, shape)?.[1],
    /** The first `limit` of the rows, of which one more was read, and the cursor of the next page. */
    page<T extends { id: number }>(rows: T[], limit: number): { rows: T[]; nextCursor: string | null } {
      const last = rows[limit - 1];
      return {
        rows: rows.slice(0, limit),
        nextCursor: rows.length > limit && last ? encodeCursor(key, [list, last.id]) : null,
      };
    },
  };
}
