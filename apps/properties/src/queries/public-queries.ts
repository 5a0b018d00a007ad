import { deadline } from "@quintet/http";
import type { Database } from "../database.ts";
import { listQueries } from "./query-queries.ts";
import type { SavedQuery } from "./saved-query.ts";

/** How long a list is kept: another process may save a query. */
const freshMs = 5000;
const timeoutMs = 1000;
const max = 500;

/** The saved queries that every account may run, for the API document, which must be there without a store. */
export class PublicQueries {
  readonly #db: Database;
  #known: readonly SavedQuery[] = [];
  #freshUntil = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The first 500 by name, as they were at most 5 s ago; as they were before when MySQL does not respond. The same array if unchanged. */
  async list(): Promise<readonly SavedQuery[]> {
    if (performance.now() < this.#freshUntil) return this.#known;
    this.#freshUntil = performance.now() + freshMs;
    try {
      const found = listQueries(this.#db, { after: "", rows: max, publicOnly: true });
      const late = () => {
        throw new Error(`no response within ${timeoutMs} ms`);
      };
      const queries = await deadline(found, timeoutMs, late);
      if (JSON.stringify(queries) !== JSON.stringify(this.#known)) this.#known = queries;
    } catch {
      // The health check says what is wrong with MySQL.
    }
    return this.#known;
  }

  /** Has the list read again before its next use. */
  renew(): void {
    this.#freshUntil = 0;
  }
}
