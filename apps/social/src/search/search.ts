import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import type { Database } from "../database/database.ts";
import { type PostView, postLoader } from "../posts/load-posts.ts";
import { normalizeTag } from "../posts/tags.ts";
import { type PersonView, peopleLoader } from "../users/people-queries.ts";
import { type HighlightPart, highlight, highlightFragment } from "./highlight.ts";
import { searchQueries } from "./search-queries.ts";

export interface SearchRequest {
  q: string;
  limit: number;
  cursor?: string | undefined;
}

export interface PostHit {
  view: PostView;
  highlight: { title: HighlightPart[]; content: HighlightPart[] };
}

export interface SearchResults {
  posts: PostHit[];
  people: PersonView[];
  tags: { tag: string; posts: number }[];
  /** Null at the end of the results. */
  nextCursor: string | null;
}

const none = { posts: [], people: [], tags: [], nextCursor: null };

/** What is searched for, the rank and id of the last result, and when the first page was read (ms since 1970). */
const postCursor = z.tuple([z.literal("posts"), z.string(), z.number(), z.number(), z.number()]);
const personCursor = z.tuple([z.literal("people"), z.string(), z.number()]);
const tagCursor = z.tuple([z.literal("tags"), z.string(), z.string()]);

/** Searches posts, people and tags. Each throws 400 for a text without letters and digits, and for a cursor of another search. */
export function createSearch(db: Database, cursorKey: Buffer) {
  const queries = searchQueries(db);
  const loadPosts = postLoader(db);
  const people = peopleLoader(db);
  const cursorTo = (...position: unknown[]) => encodeCursor(cursorKey, position);
  return {
    async posts(viewer: number, { q: text, limit, cursor }: SearchRequest): Promise<SearchResults> {
      requireWords(text);
      const schema = postCursor.refine(([, asked]) => asked === text);
      const [, , rank, id, moment] = decodeCursor(cursorKey, cursor, schema) ?? ["posts", text];
      const after = rank === undefined || id === undefined ? undefined : { rank, id };
      const until = new Date(moment ?? Date.now());
      const found = await queries.posts({ viewer, text, limit: limit + 1, until, after });
      const onPage = found.slice(0, limit);
      const views = await loadPosts(
        onPage.map((post) => post.id),
        viewer,
      );
      const byId = new Map(onPage.map((post) => [post.id, post]));
      const posts = views.flatMap((view): PostHit[] => {
        const match = byId.get(view.post.id);
        if (!match) return [];
        const { title, content, words } = match;
        return [{ view, highlight: { title: highlight(title, words), content: highlightFragment(content, words) } }];
      });
      const last = found.length > limit ? onPage.at(-1) : undefined;
      const nextCursor = last ? cursorTo("posts", text, last.rank, last.id, until.getTime()) : null;
      return { ...none, posts, nextCursor };
    },
    async people(viewer: number, { q: text, limit, cursor }: SearchRequest): Promise<SearchResults> {
      requireWords(text);
      const [, , after] = decodeCursor(
        cursorKey,
        cursor,
        personCursor.refine(([, asked]) => asked === text),
      ) ?? ["people", text, 0];
      const ids = await queries.people({ viewer, text, limit: limit + 1, after });
      const onPage = ids.slice(0, limit);
      const nextCursor = ids.length > limit ? cursorTo("people", text, onPage.at(-1)) : null;
      return { ...none, people: await people.listed(onPage, viewer), nextCursor };
    },
    async tags(viewer: number, { q, limit, cursor }: SearchRequest): Promise<SearchResults> {
      requireWords(q);
      const prefix = normalizeTag(q.replace(/^[#＃]/, ""));
      const [, , after] = decodeCursor(
        cursorKey,
        cursor,
        tagCursor.refine(([, asked]) => asked === prefix),
      ) ?? ["tags", prefix, ""];
      const found = await queries.tags({ viewer, prefix, limit: limit + 1, after });
      const onPage = found.slice(0, limit);
      const nextCursor = found.length > limit ? cursorTo("tags", prefix, onPage.at(-1)?.tag) : null;
      return { ...none, tags: onPage.filter(({ posts }) => posts > 0), nextCursor };
    },
  };
}

function requireWords(text: string): void {
  if (/[\p{L}\p{N}]/u.test(text)) return;
  const message = "must have a letter or digit";
  throw new Problem("bad-request", `q: ${message}`, { errors: [{ path: "q", message }] });
}
