import type { InputFault } from "@quintet/http";
import type { SearchInput } from "../search/search-request.ts";

/** A search that an account keeps. */
export interface SavedSearch {
  id: number;
  name: string;
  /** The query of the search in a URL. */
  query: string;
  /** Whether a message is sent when a listing newly matches. */
  notify: boolean;
  /** What became visible since then is new. */
  lookedAt: Date;
  createdAt: Date;
}

/** What a query asks for, or why it is not a search, which a query may become that was saved by an earlier version. */
export type ReadSearch = (query: string) => { search: SearchInput } | { faults: InputFault[] };

/** How many results of a saved search are new; undefined when it is not valid any more. */
export interface NewResults {
  count: number;
  /** False when there may be more. */
  isExact: boolean;
}
