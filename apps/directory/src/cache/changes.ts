import { isBefore, type Span } from "../users/user.ts";

/** The keys of a user's names (`directory.name_key`). */
export interface NameKeys {
  last: string;
  first: string;
}

/** What a write did to one user. */
export interface UserChange {
  userId: number;
  /** Undefined for a user who was not there before, or is not any more. */
  before: NameKeys | undefined;
  after: NameKeys | undefined;
  /** Whether a name changed as it is written, or the user was created or deleted. */
  renamed: boolean;
  bioChanged: boolean;
}

/** A change of a transaction; `"anything"` where too much was changed to say what. */
export interface Change {
  xid: number;
  effect: UserChange | "anything";
}

/** What a response depends on. */
export interface CacheScope {
  /** The keys of the words whose users it was made of: everybody's, when there is no word. Undefined: it is of no search. */
  words?: string[];
  /** Where its page lies among them, if it is one: who moves about before it, or behind it, does not change it. */
  span?: Span | undefined;
  /** The users whose details it shows. */
  shows: number[];
  /** Whether it shows all of them, and not only what the public sees in a list: names and bio. */
  inFull: boolean;
}

/**
 * Whether a change may have changed a response. Who is found, in which order, and how many they are depends on the names of
 * those whom the search finds, and on nobody else's; what is shown of them, on those who are shown.
 */
export function affects({ effect }: Change, { words, span, shows, inFull }: CacheScope): boolean {
  if (effect === "anything") return true;
  if (shows.includes(effect.userId) && (inFull || effect.renamed || effect.bioChanged)) return true;
  if (words === undefined || !effect.renamed) return false;
  const wasFound = isMatch(effect.before, words);
  if (wasFound !== isMatch(effect.after, words)) return true;
  return wasFound && (span === undefined || !staysOutside(effect, span));
}

/** Whether a user is before a span, or behind it, under both names. */
function staysOutside({ userId, before, after }: UserChange, { from, to }: Span): boolean {
  if (before === undefined || after === undefined) return false;
  const places = [before, after].map((names) => ({ ...names, id: userId }));
  return places.every((place) => isBefore(place, from)) || places.every((place) => isBefore(to, place));
}

/** Whether each word stands in the last or the first name, as the search has it. */
function isMatch(names: NameKeys | undefined, words: string[]): boolean {
  return names !== undefined && words.every((word) => names.last.includes(word) || names.first.includes(word));
}
