import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { sql } from "../database/drizzle.ts";
import { everybody, hidden, hiddenReasons, profiles } from "../database/schema.ts";

/** A value, or the placeholder of a prepared statement for one. */
export type Value<T> = T | ReturnType<typeof sql.placeholder>;

/** Matches the rows of `hidden` that hide `authorId` from the viewer or from everybody. */
function hides(viewer: Value<number>, authorId: PgColumn | SQL): SQL {
  return sql`${hidden.viewerId} in (${sql.raw(String(everybody))}, ${viewer}::bigint) and ${hidden.authorId} = ${authorId}`;
}

/**
 * Matches rows whose author is not hidden from the viewer: the rule of every read of what people write, do or are. Nobody is hidden from
 * himself: not even somebody who is suspended. Costs two look-ups in the primary key of `hidden` for a row.
 */
export function notHidden(viewer: Value<number>, authorId: PgColumn | SQL): SQL {
  return sql`(${authorId} = ${viewer}::bigint or not exists (select from ${hidden} where ${hides(viewer, authorId)}))`;
}

const ownChoices = sql.raw(`(${hiddenReasons.blocked}, ${hiddenReasons.muted})`);

/**
 * Matches profiles that the viewer may open by id or handle. Unlike in lists, somebody whom the viewer blocked or muted himself is found,
 * so that it can be undone.
 */
export function profileVisibleTo(viewer: Value<number>): SQL {
  return sql`${profiles.deletedAt} is null and (${profiles.id} = ${viewer}::bigint or not exists (
    select from ${hidden} where ${hides(viewer, profiles.id)} and ${hidden.reason} not in ${ownChoices}))`;
}

/** Matches profiles that are not hidden from everybody: the rule of the viewer's own lists of blocks and mutes. */
export function profileInUse(): SQL {
  return sql`${profiles.deletedAt} is null and not exists (
    select from ${hidden} where ${hidden.viewerId} = ${sql.raw(String(everybody))} and ${hidden.authorId} = ${profiles.id})`;
}
