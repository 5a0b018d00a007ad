import { type Database, select, write } from "../database.ts";
import { fill, numbered } from "../sql/statements.ts";

/** How many of the last ids are looked at again: transactions do not commit in the order of the ids of their rows. */
const overlap = 500;
/** Entries that are read at once. */
const rowsAtOnce = 2000;

/**
 * Finds entries that were added to the history since the last call, and notes their properties. The first call finds the last ones alone:
 * earlier entries are found by the comparison of all listings.
 */
export function historyPoll(): (db: Database) => Promise<void> {
  let last: number | undefined;
  let seen = new Set<number>();
  return async (db) => {
    if (last === undefined) {
      const [found] = await select(db.pool, db.statements["last-history"], {});
      last = found?.id ?? 0;
    }
    const after = Math.max(0, last - overlap);
    const entries = await select(db.pool, db.statements["new-history"], { after, rows: rowsAtOnce });
    const fresh = entries.filter(({ id }) => !seen.has(id));
    const ids = new Set(fresh.flatMap(({ propertyId }) => (propertyId === null ? [] : [propertyId])));
    await addChanges(db, [...ids]);
    last = Math.max(last, entries[0]?.id ?? 0);
    seen = new Set(entries.map(({ id }) => id));
  };
}

/** Notes several properties. */
export async function addChanges(db: Database, ids: number[]): Promise<void> {
  for (let i = 0; i < ids.length; i += rowsAtOnce) {
    const some = ids.slice(i, i + rowsAtOnce);
    const rows = some.map((_, n) => `(:id${n + 1})`).join(", ");
    await write(db.pool, fill(db.statements["add-changes"], { rows }), numbered("id", some, some.length));
  }
}
