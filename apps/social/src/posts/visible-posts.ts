import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { and, eq, isNull, or, sql } from "../database/drizzle.ts";
import { posts } from "../database/schema.ts";
import { notHidden, type Value } from "../visibility/not-hidden.ts";

/** The columns of a post that decide who may see it. */
export interface VisibilityColumns {
  published: PgColumn;
  ownerId: PgColumn;
  removedAt: PgColumn;
}

/** Matches published posts of authors who are not hidden from the viewer, which staff did not remove. */
export function publishedFor(viewer: Value<number>, listed: VisibilityColumns = posts): SQL {
  return sql`${listed.published} and ${isNull(listed.removedAt)} and ${notHidden(viewer, listed.ownerId)}`;
}

/** Matches the viewer's drafts, which nobody else may see. */
export function draftsOf(viewer: Value<number>, listed: VisibilityColumns = posts): SQL | undefined {
  return and(sql`not ${listed.published}`, eq(listed.ownerId, viewer), isNull(listed.removedAt));
}

/** Matches posts that the viewer may see: those of `publishedFor` and `draftsOf`. Every read and write of a post obeys it. */
export function visibleTo(viewer: Value<number>, listed: VisibilityColumns = posts): SQL | undefined {
  return or(publishedFor(viewer, listed), draftsOf(viewer, listed));
}
