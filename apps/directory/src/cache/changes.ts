import { isBefore, type Span } from "../users/user.ts";

/** The keys of a user's names (`directory.name_key`). */
export interface NameKeys {
  last: string;
  first: string;
}

/** What a write did to one user. */
export interface UserChange {
  userId: number;
  /** The names before and after; undefined before a creation and after a deletion. */
  before: NameKeys | undefined;
  after: NameKeys | undefined;
  /** Whether a spelling of a name changed, or the user was created or deleted. */
  renamed: boolean;
  bioChanged: boolean;
}

/** A change made by a transaction; `"anything"` when too many users changed to list them. */
export interface Change {
  xid: number;
  effect: UserChange | "anything";
}

/** What a response depends on. */
export interface CacheScope {
  /** The keys of the searched words; empty for the list of all users, undefined when the response is not a search. */
  words?: string[];
  /** The range of a page: a user who stays before or after it does not change it. */
  span?: Span | undefined;
  /** The ids of the users in the response. */
  shows: number[];
  /** Whether all details of these users are in the response, not only the public ones: names and bio. */
  inFull: boolean;
}

/**
 * Whether a change can affect a response. Which users a search finds, their order and their number depend only on the names of
 * the users it finds; what is shown of them depends only on the users in the response.
 */
export function affects({ effect }: Change, { words, span, shows, inFull }: CacheScope): boolean {
  if (effect === "anything") return true;
  if (shows.includes(effect.userId) && (inFull || effect.renamed || effect.bioChanged)) return true;
  if (words === undefined || !effect.renamed) return false;
  const wasFound = isMatch(effect.before, words);
  if (wasFound !== isMatch(effect.after, words)) return true;
  return wasFound && (span === undefined || !staysOutside(effect, span));
}

/** Whether a user stays on the same side of a span under the old and the new name. */
function staysOutside({ userId, before, after }: UserChange, { from, to }: Span): boolean {
  if (before === undefined || after === undefined) return false;
  const places = [before, after].map((names) => ({ ...names, id: userId }));
  return places.every((place) => isBefore(place, from)) || places.every((place) => isBefore(to, place));
}

/** Whether the last or the first name contains each word. */
function isMatch(names: NameKeys | undefined, words: string[]): boolean {
  return names !== undefined && words.every((word) => names.last.includes(word) || names.first.includes(word));
}
