import type { MysqlConnection } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { fill, numbered } from "../sql/statements.ts";
import type { WatchedFields } from "./watched.ts";

/** A listing that has changed: what it was, unless it is new, and whether its texts are others. */
export interface ListingChange {
  id: number;
  was: WatchedFields | undefined;
  reworded: boolean;
}

/** Notes changes of listings in the transaction that makes them, if any saved search has to be matched with them. */
export async function addSearchChanges(db: Database, on: MysqlConnection, changes: ListingChange[]): Promise<void> {
  if (changes.length === 0) return;
  const [any] = await select(on, db.statements["any-notified"], {});
  if (any?.found !== 1) return;
  const rows = changes.map((_, i) => `(:id${i + 1}, :was${i + 1}, :reworded${i + 1})`).join(", ");
  const valuesOf = <T>(name: string, of: (change: ListingChange) => T) =>
    numbered(name, changes.map(of), changes.length);
  await write(on, fill(db.statements["add-search-changes"], { rows }), {
    ...valuesOf("id", ({ id }) => id),
    ...valuesOf("was", ({ was }) => (was ? toText(was) : null)),
    ...valuesOf("reworded", ({ reworded }) => (reworded ? 1 : 0)),
  });
}

function toText({ statusId, cityKey, typeKey, price, year, rooms, area, lat, lon }: WatchedFields): string {
  return JSON.stringify({ statusId, cityKey, typeKey, price, year, rooms, area, lat, lon });
}

/** Changes that are noted. */
export interface NotedChanges {
  seqs: number[];
  /** The changes by listing. Of one that has changed several times, what it was before the first of them. */
  changes: Map<number, ListingChange>;
}

/** The first changes that are noted, `rows` at most. */
export async function readSearchChanges(db: Database, rows: number): Promise<NotedChanges> {
  const found = await select(db.pool, db.statements["search-changes"], { rows });
  const changes = new Map<number, ListingChange>();
  for (const { id, was, reworded } of found) {
    const first = changes.get(id) ?? { id, was: was === null ? undefined : JSON.parse(was), reworded: false };
    changes.set(id, { ...first, reworded: first.reworded || reworded === 1 });
  }
  return { seqs: found.map(({ seq }) => seq), changes };
}
