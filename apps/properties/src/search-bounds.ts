/** How much one page of a search may read, whatever is asked; where that is used up, the search is refused. */
export interface SearchBounds {
  /** So few candidates are looked at one by one, without narrowing them down further; so many where a condition is left to them. */
  few: number;
  /** So many are looked at one by one, or sorted, at most. */
  sorted: number;
  /** The rows of the index that one range of terms reads at most. */
  rowsOfTerm: number;
  /** The listings of each status that are read to find all of a price. */
  ofPrice: number;
  /** The listings of each status that are passed over in the asked order, and within one bucket. */
  walk: number;
  longWalk: number;
  /** The rows of the index that are read to go through an order bucket by bucket, and how many at once. */
  rowsOfBuckets: number;
  rowsAtOnce: number;
}

export const searchBounds: SearchBounds = {
  few: 1000,
  sorted: 5000,
  rowsOfTerm: 10_000,
  ofPrice: 1000,
  walk: 200,
  longWalk: 4000,
  rowsOfBuckets: 20_000,
  rowsAtOnce: 4000,
};
