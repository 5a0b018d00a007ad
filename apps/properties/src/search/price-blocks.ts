import { setImmediate as others } from "node:timers/promises";
import { type Database, select } from "../database.ts";
import { shared } from "../listings/freshness.ts";
import { blockSize } from "../term-index/id-sets.ts";
import type { PriceBlock, RememberedPrices, Spelling } from "./remembered-prices.ts";

/** No status has this id: a listing without one is not visible. */
const noStatus = -2_147_483_648;

export class PriceBlocks implements RememberedPrices {
  readonly cities: Spelling[] = [];
  readonly #db: () => Database;
  readonly #blocks = new Map<number, PriceBlock>();
  readonly #places = new Map<string, number>();

  constructor(db: () => Database) {
    this.#db = db;
  }

  readonly read: RememberedPrices["read"] = shared(async () => {
    const { pool, statements, limits } = this.#db();
    const versions = await select(pool, statements["block-versions"], { rows: limits.blocksOfPrices + 1 });
    if (versions.length > limits.blocksOfPrices) return undefined;
    for (const { block, version } of versions) {
      if (this.#blocks.get(block)?.version === version) continue;
      this.#blocks.set(block, await this.#readBlock(block, version));
      await others();
    }
    return versions.flatMap(({ block }) => this.#blocks.get(block) ?? []);
  });

  async #readBlock(block: number, version: number): Promise<PriceBlock> {
    const { pool, statements } = this.#db();
    const part = { first: block * blockSize, end: (block + 1) * blockSize };
    const rows = await select(pool, statements["prices-of-block"], part);
    if (rows.some(({ city }) => city !== null && !this.#places.has(city))) {
      for (const { city, weight } of await select(pool, statements["cities-of-block"], part)) {
        if (city === null || this.#places.has(city)) continue;
        this.#places.set(city, this.cities.push({ city, weight: weight ?? "" }) - 1);
      }
    }
    // A city that came between the two statements belongs to a later version.
    const placeOf = (city: string | null) => (city === null ? -1 : (this.#places.get(city) ?? -1));
    return {
      version,
      statusIds: Int32Array.from(rows, ({ statusId }) => statusId ?? noStatus),
      cities: Int32Array.from(rows, ({ city }) => placeOf(city)),
      years: Int16Array.from(rows, ({ year }) => year),
      prices: Float64Array.from(rows, ({ price }) => price),
    };
  }
}
