import { etagOf } from "@quintet/http";
import type { CachedResponse } from "../cache/cached-entry.ts";
import type { CacheState } from "../cache/response-cache.ts";
import type { Deps } from "../deps.ts";
import type { User } from "../users/user.ts";
import type { Viewer } from "../users/versions.ts";
import { cursorAt, readCursor } from "./cursors.ts";
import { type PageStart, searchUsers } from "./search.ts";
import { searchKey, splitWords } from "./search-words.ts";

/** A user in a response; `email` for signed-in accounts only. */
export interface UserView {
  id: number;
  firstName: string;
  lastName: string;
  email?: string;
  bio: string;
}

/** A page of users as a response body. */
export interface UserList {
  users: UserView[];
  total: number;
  totalIsExact: boolean;
  nextCursor: string | null;
  prevCursor: string | null;
}

/** The parameters of a page of users: `cursor` or `page`; the first page without either. */
export interface ListRequest {
  name: string;
  limit: number;
  cursor?: string | undefined;
  page?: number | undefined;
}

/** A page of users as JSON, cached. */
export function listUsers(
  { searches, cache, cursorKey }: Pick<Deps, "searches" | "cache" | "cursorKey">,
  { name, limit, cursor, page }: ListRequest,
  viewer: Viewer,
): Promise<{ response: CachedResponse; state: CacheState }> {
  const words = splitWords(name);
  const search = searchKey(words);
  const start: PageStart = cursor === undefined ? { page: page ?? 1 } : readCursor(cursorKey, search, cursor);
  return cache.read(JSON.stringify(["users", viewer, search, limit, start]), async () => {
    const found = await searchUsers(searches, { words, limit, start });
    const list: UserList = {
      users: found.users.map((user) => viewOf(viewer, user)),
      total: found.total,
      totalIsExact: found.totalIsExact,
      nextCursor: found.next && cursorAt(cursorKey, search, found.next, false),
      prevCursor: found.previous && cursorAt(cursorKey, search, found.previous, true),
    };
    const body = JSON.stringify(list);
    return {
      response: { etag: etagOf(body), body },
      scope: {
        words: found.words,
        span: found.span,
        shows: found.users.map((user) => user.id),
        inFull: viewer === "account",
      },
    };
  });
}

/** The fields of a user that `viewer` may see. */
export function viewOf(viewer: Viewer, { id, firstName, lastName, email, bio }: User): UserView {
  return viewer === "account" ? { id, firstName, lastName, email, bio } : { id, firstName, lastName, bio };
}
