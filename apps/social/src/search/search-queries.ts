import type { SQL } from "drizzle-orm";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { sql } from "../database/drizzle.ts";
import { postDocuments } from "../database/search-tables.ts";
import { notHidden } from "../visibility/not-hidden.ts";

/** How many posts one search may read, whatever its words are. */
export interface SearchBounds {
  /** The newest posts, in which words are looked for one post after the other. */
  newest: number;
  /** With so many matches among the newest, no others are looked for. */
  enough: number;
  /** The posts that are read when the index has the words in older ones. */
  byIndex: number;
}

const defaults: SearchBounds = { newest: 3000, enough: 100, byIndex: 5000 };
/** The part of a content in which words are highlighted. */
const highlightedLength = 3000;
/** How many people with a name, and how many tags, are read for one search. */
const maxPeople = 1000;
const maxTags = 200;
/** A count of the posts of a tag reads no more than its latest. */
export const maxTagPosts = 100;

/** A place in the results: the best rank first, and of equal ranks the newest. */
export interface ResultPosition {
  rank: number;
  id: number;
}

export interface PostSearch {
  viewer: number;
  /** The words, all of which a post has. */
  text: string;
  limit: number;
  /** Posts that are listed later are not found, so that pages are stable while posts arrive. */
  until: Date;
  after?: ResultPosition | undefined;
}

export interface FoundPost extends ResultPosition {
  title: string;
  /** The first `highlightedLength` characters. */
  content: string;
  /** The words of both that match, as searches compare them. */
  words: string[];
}

const { placeholder } = sql;
const viewer = placeholder("viewer");
const limit = sql`${placeholder("limit")}::int`;
const number = (value: number) => sql.raw(String(value));

export function searchQueries(db: Database, bounds: SearchBounds = defaults) {
  /** Matches of the newest posts; where these are few, of posts that the index on words has. */
  const matches = (after: SQL) => {
    const until = sql.param(placeholder("until"), postDocuments.listedAt);
    const ranked = (documents: SQL) => sql`
      select d.post_id, d.language, ts_rank(d.words, q.query, 1)::float8 as rank
      from (${documents}) d join queries q on q.language = d.language where d.words @@ q.query`;
    return sql`
      with queries as materialized (
        select language::text as language, social.search_query(language, social.search_words(${placeholder("text")}::text)) as query
        from social.search_languages() language),
      asked as materialized (
        select string_agg('(' || query || ')', ' | ')::tsquery as query from (select distinct query::text as query from queries) q),
      among_newest as materialized (${ranked(sql`
        select post_id, language, words from social.post_documents where listed_at <= ${until}
        order by listed_at desc, post_id desc limit ${number(bounds.newest)}`)}),
      by_index as materialized (${ranked(sql`
        select post_id, language, words from social.post_documents
        where (select count(*) from among_newest) < ${number(bounds.enough)} and listed_at <= ${until}
        and words @@ (select query from asked) limit ${number(bounds.byIndex)}`)}),
      on_page as materialized (
        select m.post_id, m.language, m.rank, post.title, post.content from (
          select * from (select * from among_newest union select * from by_index) matches
          where ${after} order by rank desc, post_id desc offset 0) m
        cross join lateral (
          select title, left(content, ${number(highlightedLength)}) as content, owner_id
          from social.posts where id = m.post_id and published and removed_at is null) post
        where ${notHidden(viewer, sql`post.owner_id`)} order by m.rank desc, m.post_id desc limit ${limit})
      select post_id as id, rank, title, content, array(
        select distinct word from unnest(string_to_array(social.search_words(title || ' ' || content), ' ')) word
        where (to_tsvector('simple', word) || to_tsvector(p.language::regconfig, word)) @@ replace(query::text, '&', '|')::tsquery
        ) as words
      from on_page p join queries on queries.language = p.language order by rank desc, post_id desc`;
  };
  const columns = {
    id: sql<number>`id`.mapWith(Number),
    rank: sql<number>`rank`.mapWith(Number),
    title: sql<string>`title`,
    content: sql<string>`content`,
    words: sql<string[]>`words`,
  };
  const prepare = (name: string, after: SQL) =>
    db
      .select(columns)
      .from(sql`(${matches(after)}) found`)
      .orderBy(sql`rank desc, id desc`)
      .prepare(name);
  const first = prepare("social_search_posts", sql`true`);
  const next = prepare(
    "social_search_more_posts",
    sql`(rank, post_id) < (${placeholder("rank")}::float8, ${placeholder("id")}::bigint)`,
  );

  const prefixes = sql`(
    select string_agg(word || ':*', ' & ')::tsquery
    from unnest(string_to_array(social.search_words(${placeholder("text")}::text), ' ')) word where word <> '')`;
  const people = db
    .select({ id: sql<number>`id`.mapWith(Number) })
    .from(sql`(
      select id from (
        select id, deleted_at from social.profiles
        where to_tsvector('simple', social.search_words(coalesce(handle, '') || ' ' || display_name)) @@ ${prefixes}
        limit ${number(maxPeople)}) person
      where deleted_at is null and id > ${placeholder("after")}::bigint and ${notHidden(viewer, sql`person.id`)}
      order by id limit ${limit}) found`)
    .prepare("social_search_people");

  // One tag after the other is looked up in the index: a tag has many rows there.
  const nextTag = (where: SQL) => sql`(select tag from social.post_tags where ${where} order by tag limit 1)`;
  const tags = db
    .select({ tag: sql<string>`tag`, posts: sql<number>`posts` })
    .from(sql`(
      with recursive found as (
        ${nextTag(sql`tag >= ${placeholder("prefix")}::text and tag > ${placeholder("after")}::text`)}
        union all
        select next.tag from found cross join lateral ${nextTag(sql`tag > found.tag`)} next),
      bounded as materialized (select tag from found limit ${number(maxTags)})
      select tag, (
        select count(*)::int from (
          select post_id from social.post_tags t where t.tag = bounded.tag order by listed_at desc, post_id desc
          limit ${number(maxTagPosts)}) latest
        join social.posts p on p.id = latest.post_id
        where p.published and p.removed_at is null and ${notHidden(viewer, sql`p.owner_id`)}) as posts
      from bounded where starts_with(tag, ${placeholder("prefix")}::text) limit ${limit}) found`)
    .prepare("social_search_tags");

  return {
    /** One page of the posts that have all words, the best first. */
    async posts({ after, ...search }: PostSearch): Promise<FoundPost[]> {
      return unwrapDriverError(after ? next.execute({ ...search, ...after }) : first.execute(search));
    },
    /** The ids of people, after one, whose handle or name has words that begin with those of the text. */
    async people(search: { viewer: number; text: string; limit: number; after: number }): Promise<number[]> {
      const rows = await unwrapDriverError(people.execute(search));
      return rows.map(({ id }) => id);
    },
    /** The tags, after one, that begin with a text in their normal form, in order, with the posts that the viewer sees. */
    async tags(search: { viewer: number; prefix: string; limit: number; after: string }) {
      return unwrapDriverError(tags.execute(search));
    },
    /** The statements themselves, for tests that check their plans. */
    statements: { first, next, people, tags },
  };
}
