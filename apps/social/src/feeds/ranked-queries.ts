import type { SQL } from "drizzle-orm";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql } from "../database/drizzle.ts";
import { rankedLists } from "../database/feed-tables.ts";
import { everybody } from "../database/schema.ts";
import { notHidden } from "../visibility/not-hidden.ts";

/** The ranked feeds: `hot` weighs votes against age, the others have the most votes among the posts of a window. */
export const rankings = ["hot", "day", "week", "month"] as const;
export type Ranking = (typeof rankings)[number];

/** How many posts a ranked feed has. */
const listLength = 500;
/** How many are read for it at most: those of authors whom nobody sees are left out. */
const maxRead = 5 * listLength;
/** How many of a list a request for a page examines. */
const maxExamined = 300;
/** How long a walk may take. */
const listMinutes = 60;
/** How many posts of each quarter of a day are read first, to learn how many votes it takes to be in the list. */
const sampled = 20;

/** The quarters of a day before the current one that a window has. */
const quarters = { day: 4, week: 28, month: 120 };

/** A part of a ranked list: the one with this moment, or the newest. */
export interface RankedRange {
  ranking: Ranking;
  viewer: number;
  limit: number;
  /** When the list was made; without it, the newest list that is no older than `maxAge` seconds. */
  madeAt?: Date | undefined;
  maxAge: number;
  /** Reads from after this place onwards, or the places up to it backwards. Places count from 1. */
  place: number;
  direction: "older" | "newer";
}

export interface RankedPart {
  madeAt: Date;
  length: number;
  /** In the order of reading. */
  found: { id: number; place: number }[];
  /** The last place examined. */
  reached: number;
}

const { placeholder } = sql;
const number = (value: number) => sql.raw(String(value));

/** The best posts of a window, read from the index of votes by quarter. */
function best(window: keyof typeof quarters): SQL {
  const current = sql`floor(extract(epoch from now()) / 21600)::int`;
  const ofQuarter = (condition: SQL, limit: number) => sql`
    quarters cross join lateral (
      select votes, post_id from social.post_counters c where c.quarter = quarters.quarter ${condition}
      order by votes desc, post_id desc limit ${number(limit)}) best`;
  const isNeeded = sql`and (votes, post_id) >=
    (coalesce((select votes from needed), 0), coalesce((select post_id from needed), 0))`;
  return sql`
    with quarters as materialized (select generate_series(${current} - ${number(quarters[window])}, ${current}) as quarter),
    needed as materialized (
      select votes, post_id from ${ofQuarter(sql``, sampled)} order by votes desc, post_id desc offset ${number(listLength - 1)} limit 1)
    select post_id, votes as rank from ${ofQuarter(isNeeded, listLength)}
    order by votes desc, post_id desc limit ${number(maxRead)}`;
}

const hottest = sql`
  select post_id, hot as rank from social.post_counters where hot is not null
  order by hot desc, post_id desc limit ${number(maxRead)}`;

export function rankedQueries(db: Database) {
  const make = (ranking: Ranking) => sql`
    with outdated as (
      delete from social.ranked_lists where made_at < now() - ${number(listMinutes)} * interval '1 minute')
    insert into social.ranked_lists (name, made_at, post_ids)
    select ${ranking}, date_trunc('milliseconds', now()), array(
      select post_id from (${ranking === "hot" ? hottest : best(ranking)}) ranked
      cross join lateral (select owner_id from social.posts where id = post_id) post
      where ${notHidden(everybody, sql`post.owner_id`)} order by rank desc, post_id desc limit ${number(listLength)})
    on conflict do nothing`;

  const part = (from: SQL, to: SQL, by: SQL, isWanted: SQL) => {
    const seen = notHidden(placeholder("viewer"), sql`post.owner_id`);
    const query = sql`
      select list.made_at, cardinality(list.post_ids) as length, one.id, one.place from (
        select made_at, post_ids from social.ranked_lists where name = ${placeholder("ranking")} and ${isWanted}
        order by made_at desc limit 1) list
      left join lateral (
        select post.id, ${from} - 1 + u.place as place
        from unnest(list.post_ids[${from}:${to}]) with ordinality u(post_id, place)
        cross join lateral (select id, owner_id from social.posts where id = u.post_id and published and removed_at is null) post
        where ${seen} order by u.place ${by} limit ${placeholder("limit")}::int) one on true`;
    return db
      .select({
        madeAt: sql<Date>`made_at`.mapWith(rankedLists.madeAt),
        length: sql<number>`length`,
        id: sql<number | null>`id`,
        place: sql<number | null>`place`,
      })
      .from(sql`(${query}) part`);
  };
  const place = sql`${placeholder("place")}::int`;
  const onwards = [sql`${place} + 1`, sql`${place} + ${number(maxExamined)}`, sql``] as const;
  const backwards = [sql`greatest(${place} - ${number(maxExamined - 1)}, 1)`, place, sql`desc`] as const;
  const isNew = sql`made_at > now() - ${placeholder("maxAge")}::int * interval '1 second'`;
  const isAt = sql`made_at = ${sql.param(placeholder("madeAt"), rankedLists.madeAt)}`;
  const newest = part(...onwards, isNew).prepare("social_ranked_newest");
  const older = part(...onwards, isAt).prepare("social_ranked_older");
  const newer = part(...backwards, isAt).prepare("social_ranked_newer");

  return {
    /** Makes a new list of a ranking. Reads a bounded number of rows of two indexes. */
    async make(ranking: Ranking): Promise<void> {
      await unwrapDriverError(db.execute(make(ranking)));
    },
    /** A part of a list; `undefined` when there is no such list. */
    async read({ direction, madeAt, ...range }: RankedRange): Promise<RankedPart | undefined> {
      const statement = madeAt === undefined ? newest : direction === "older" ? older : newer;
      const rows = await unwrapDriverError(statement.execute({ ...range, madeAt }));
      const [first] = rows;
      if (!first) return undefined;
      const found = rows.flatMap(({ id, place }) => (id === null ? [] : [{ id: Number(id), place: Number(place) }]));
      const end =
        direction === "older"
          ? Math.min(range.place + maxExamined, first.length)
          : Math.max(range.place - maxExamined, 0);
      const last = found.at(-1)?.place;
      const isFull = found.length === range.limit && last !== undefined;
      const reached = isFull ? (direction === "older" ? last : last - 1) : end;
      return { madeAt: first.madeAt, length: first.length, found, reached };
    },
    statements: { make },
  };
}
