import type { MysqlConnection, MysqlPool } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import type { RowOf } from "../sql/statements.ts";
import type { SavedSearch } from "./saved-search.ts";

function toSearch({ notify, ...row }: RowOf<"own-search">): SavedSearch {
  return { ...row, notify: notify === 1 };
}

/** What an account says of a search that it keeps. */
export type SearchDraft = Pick<SavedSearch, "name" | "query" | "notify">;

/** Lets one request at a time add a search of an account, until its transaction ends; returns how many there are. */
export async function lockAndCount(db: Database, on: MysqlConnection, account: number): Promise<number> {
  await write(on, db.statements["lock-owner"], { account });
  const [found] = await select(on, db.statements["count-searches"], { account });
  return found?.count ?? 0;
}

/** Adds a search; returns its id. */
export async function insertSearch(
  db: Database,
  on: MysqlConnection,
  account: number,
  { name, query, notify }: SearchDraft,
): Promise<number> {
  const values = { account, name, query, notify: notify ? 1 : 0 };
  return (await write(on, db.statements["add-search"], values)).insertId;
}

/** A search, if it is the account's. */
export async function findSearch(
  db: Database,
  account: number,
  id: number,
  on: MysqlPool | MysqlConnection = db.pool,
): Promise<SavedSearch | undefined> {
  const [row] = await select(on, db.statements["own-search"], { account, id });
  return row && toSearch(row);
}

/** The searches of an account with an id before one, the latest first. */
export async function findSearches(
  db: Database,
  account: number,
  { before, rows }: { before: number; rows: number },
): Promise<SavedSearch[]> {
  return (await select(db.pool, db.statements["own-searches"], { account, before, rows })).map(toSearch);
}

/** What can be changed of a search. */
export type SearchChanges = { [F in keyof SearchDraft]?: SearchDraft[F] | undefined } & { lookedAt?: Date | undefined };

/** Changes a search; false when the account has none with the id. */
export async function updateSearch(
  db: Database,
  on: MysqlConnection,
  { account, id }: { account: number; id: number },
  { name, query, notify, lookedAt }: SearchChanges,
): Promise<boolean> {
  const { affectedRows } = await write(on, db.statements["change-search"], {
    account,
    id,
    name: name ?? null,
    query: query ?? null,
    notify: notify === undefined ? null : notify ? 1 : 0,
    lookedAt: lookedAt ?? null,
  });
  return affectedRows > 0;
}

/** Removes a search; false when the account has none with the id. */
export async function deleteSearch(
  db: Database,
  on: MysqlConnection,
  { account, id }: { account: number; id: number },
): Promise<boolean> {
  return (await write(on, db.statements["drop-search"], { account, id })).affectedRows > 0;
}

/** Drops what would be sent of a search and is in no batch yet. */
export async function dropOpenDigest(db: Database, on: MysqlConnection, id: number): Promise<void> {
  await write(on, db.statements["drop-open-digest"], { id });
}

/** The time by which listings become visible. */
export async function readTime(db: Database): Promise<Date> {
  const [row] = await select(db.pool, db.statements.time, {});
  if (!row) throw new Error("The database has no time.");
  return row.now;
}

/** The ids of the listings that became visible last, since a moment, the latest first. */
export async function findNewest(db: Database, since: Date, rows: number): Promise<number[]> {
  return (await select(db.searchPool, db.statements["newest-seen"], { since, rows })).map(({ id }) => id);
}
