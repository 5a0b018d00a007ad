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
  what: UserChange | "anything";
}

/** What a response depends on. */
export interface Scope {
  /** The keys of the words whose users it was made of: everybody's, when there is no word. Undefined: it is of no search. */
  words?: string[];
  /** The users whose details it shows. */
  shows: number[];
  /** Whether it shows all of them, and not only what the public sees in a list: names and bio. */
  inFull: boolean;
}

/**
 * Whether a change may have changed a response. Who is found, in which order, and how many they are depends on the names of
 * those whom the search finds, and on nobody else's; what is shown of them, on those who are shown.
 */
export function touches({ what }: Change, { words, shows, inFull }: Scope): boolean {
  if (what === "anything") return true;
  if (shows.includes(what.userId) && (inFull || what.renamed || what.bioChanged)) return true;
  return words !== undefined && what.renamed && (isFound(what.before, words) || isFound(what.after, words));
}

/** Whether each word stands in the last or the first name, as the search has it. */
function isFound(names: NameKeys | undefined, words: string[]): boolean {
  return names !== undefined && words.every((word) => names.last.includes(word) || names.first.includes(word));
}
