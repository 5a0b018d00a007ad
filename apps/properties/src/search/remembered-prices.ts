/** The prices of a block of 4,096 ids as columns: 18 bytes for each listing with a price. */
export interface PriceBlock {
  version: number;
  statusIds: Int32Array;
  /** Places in `PriceBlocks.cities`; -1 for no city. */
  cities: Int32Array;
  years: Int16Array;
  prices: Float64Array;
}

/** A spelling of a city. Those that differ only in case and accents have the same weight, in whose order cities are sorted. */
export interface Spelling {
  city: string;
  weight: string;
}

/** What a process remembers of all listings for statistics: a block is read again once its version is another one. */
export interface RememberedPrices {
  readonly cities: readonly Spelling[];
  /** The blocks as they are at the call or later; undefined when there are more than the limit. Calls that come meanwhile share the next one. */
  readonly read: () => Promise<PriceBlock[] | undefined>;
}
