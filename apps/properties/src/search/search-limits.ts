/** Limits on what one page of a search may read, so that its cost is bounded. A search that exceeds them is refused. */
export interface SearchLimits {
  /** Up to this many candidates are checked one by one without narrowing them down further; also the max when a condition was not narrowed by the index. */
  few: number;
  /** Max candidates that are checked one by one, or sorted. */
  sorted: number;
  /** Max index rows for one range of terms. */
  rowsOfTerm: number;
  /** Max listings per status that are read to find all in a price range. */
  ofPrice: number;
  /** Max listings that are read to find all that became visible since a moment. */
  ofSeen: number;
  /** Max places that are read at once from the spatial index, and how often for one page in the order of their distance. */
  places: number;
  rings: number;
  /** Max listings per status that are scanned in the requested order, without and with a bucket or candidates. */
  walk: number;
  longWalk: number;
  /** Max index rows that are read to go through an order bucket by bucket, in total and at once. */
  rowsOfBuckets: number;
  rowsAtOnce: number;
  /** Max listings per status that are read at each end of a price range to count exactly. */
  ofPriceEnd: number;
  /** Max listings that are read for those of the month of that moment, to count exactly. */
  ofSeenMonth: number;
  /** Max index rows that are read for the counts of one facet. */
  rowsOfFacet: number;
  /** Max listings that statistics of prices read for one response; those of more are made of the prices that a process remembers. */
  rowsOfStatistics: number;
  /** Max blocks of 4,096 ids whose prices a process remembers: 75 KB each. */
  blocksOfPrices: number;
}

export const searchLimits: SearchLimits = {
  few: 1000,
  sorted: 5000,
  rowsOfTerm: 10_000,
  ofPrice: 1000,
  ofSeen: 5000,
  places: 10_000,
  rings: 24,
  walk: 200,
  longWalk: 4000,
  rowsOfBuckets: 20_000,
  rowsAtOnce: 4000,
  ofPriceEnd: 50_000,
  ofSeenMonth: 50_000,
  rowsOfFacet: 50_000,
  rowsOfStatistics: 200_000,
  blocksOfPrices: 1000,
};
