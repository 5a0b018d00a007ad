import type { SQL } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { type Database, type Transaction, unwrapDriverError } from "../database/database.ts";
import { and, eq, isNull, sql } from "../database/drizzle.ts";
import { follows, hidden, hiddenReasons, posts, profiles } from "../database/schema.ts";
import { notHidden, profileInUse, profileVisibleTo, type Value } from "../visibility/not-hidden.ts";
import type { Profile } from "./profile-queries.ts";

/** How two people stand to each other. */
export interface Standing {
  /** The viewer follows the person. */
  followed: boolean;
  followsYou: boolean;
  blocked: boolean;
  muted: boolean;
}

/** A person as a viewer sees them. */
export interface PersonView extends Standing {
  profile: Profile;
}

/** What the viewer sees of a person's relations and posts: each counted up to `maxCounted`. */
export interface PersonCounts {
  followers: number;
  following: number;
  posts: number;
}

/** A count stops here, so that a profile costs the same for everybody. Nobody follows more people than this. */
export const maxCounted = 5000;

/** Follows of one person; the primary key has them. */
function followExists(follower: SQL, followee: SQL): SQL<boolean> {
  return sql`exists (select from ${follows} where ${follows.followerId} = ${follower} and ${follows.followeeId} = ${followee})`;
}

function chose(viewer: SQL, reason: number): SQL<boolean> {
  return sql`exists (select from ${hidden} where ${hidden.viewerId} = ${viewer} and ${hidden.authorId} = ${profiles.id}
    and ${hidden.reason} = ${sql.raw(String(reason))})`;
}

function personColumns(viewer: Value<number>) {
  const me = sql`${viewer}::bigint`;
  const person = sql`${profiles.id}`;
  return {
    profile: profiles,
    followed: followExists(me, person),
    followsYou: followExists(person, me),
    blocked: chose(me, hiddenReasons.blocked),
    muted: chose(me, hiddenReasons.muted),
  };
}

/** Rows of `from` that the viewer sees, at most `maxCounted` of them. */
function counted(from: SQL, where: SQL): SQL<number> {
  return sql`(select count(*)::int from (select from ${from} where ${where} limit ${sql.raw(String(maxCounted))}) rows_of_person)`;
}

function countColumns(viewer: Value<number>) {
  const related = (own: PgColumn, other: PgColumn) =>
    counted(sql`${follows}`, sql`${own} = ${profiles.id} and ${notHidden(viewer, other)}`);
  return {
    followers: related(follows.followeeId, follows.followerId),
    following: related(follows.followerId, follows.followeeId),
    posts: counted(
      sql`${posts}`,
      sql`${posts.ownerId} = ${profiles.id} and ${posts.published} and ${posts.removedAt} is null`,
    ),
  };
}

/** People by their ids, with one statement. Whoever the viewer must not see is left out. */
export function peopleLoader(db: Database | Transaction) {
  const ids = sql`${sql.placeholder("ids")}::bigint[]`;
  const viewer = sql.placeholder("viewer");
  const load = (rule: SQL, name: string) =>
    db
      .select(personColumns(viewer))
      .from(profiles)
      .where(and(sql`${profiles.id} = any(${ids})`, isNull(profiles.deletedAt), rule))
      .orderBy(sql`array_position(${ids}, ${profiles.id})`)
      .prepare(name);
  const listed = load(notHidden(viewer, profiles.id), "social_people_by_ids");
  const chosen = load(profileInUse(), "social_hidden_people_by_ids");
  const run = async (statement: typeof listed, wanted: number[], viewerId: number): Promise<PersonView[]> => {
    if (wanted.length === 0) return [];
    return unwrapDriverError(statement.execute({ ids: `{${wanted.join(",")}}`, viewer: viewerId }));
  };
  return {
    /** For every list: without those whom the viewer blocked or muted. In the order of `ids`. */
    listed: (wanted: number[], viewerId: number) => run(listed, wanted, viewerId),
    /** For the viewer's own lists of blocks and mutes. In the order of `ids`. */
    chosen: (wanted: number[], viewerId: number) => run(chosen, wanted, viewerId),
  };
}

/** One person with counts, as the viewer may open the profile; `undefined` for everybody else. */
export function personFinder(db: Database | Transaction) {
  const viewer = sql.placeholder("viewer");
  const find = db
    .select({ ...personColumns(viewer), ...countColumns(viewer) })
    .from(profiles)
    .where(and(eq(profiles.id, sql.placeholder("id")), profileVisibleTo(viewer)))
    .prepare("social_person");
  return async (id: number, viewerId: number): Promise<(PersonView & PersonCounts) | undefined> => {
    const [found] = await unwrapDriverError(find.execute({ id, viewer: viewerId }));
    return found;
  };
}
