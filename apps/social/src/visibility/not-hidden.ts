import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { sql } from "../database/drizzle.ts";
import { everybody, hidden } from "../database/schema.ts";

/** A value, or the placeholder of a prepared statement for one. */
export type Value<T> = T | ReturnType<typeof sql.placeholder>;

/**
 * Matches rows whose author is not hidden from the viewer: the rule of every read of what people write, do or are. Nobody is hidden from
 * himself: not even somebody who is suspended. Costs two look-ups in the primary key of `hidden` for a row.
 */
export function notHidden(viewer: Value<number>, authorId: PgColumn): SQL {
  return sql`(${authorId} = ${viewer}::bigint or not exists (
    select from ${hidden} where ${hidden.viewerId} in (${sql.raw(String(everybody))}, ${viewer}::bigint) and ${hidden.authorId} = ${authorId}))`;
}
