import { type Parameter, type ResultColumn, savedSqlName } from "@quintet/db";
import { type Database, select, write } from "../database.ts";
import { type RowOf, withLines } from "../sql/statements.ts";
import type { QueryDraft, SavedQuery } from "./saved-query.ts";

type QueryRow = RowOf<"saved-query">;

function toQuery(row: QueryRow): SavedQuery {
  return {
    name: row.name,
    description: row.description,
    sql: row.statement,
    params: JSON.parse(row.params) as Parameter[],
    columns: JSON.parse(row.columns_found) as ResultColumn[],
    public: row.is_public === 1,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
  };
}

/** The tables that SQL of staff may read, by name. */
export async function readableTables(db: Database): Promise<string[]> {
  const tables = await select(db.pool, db.statements["readable-tables"], {});
  return tables.map(({ name }) => name);
}

/** The saved query with that name, which may be any text. */
export async function findQuery(db: Database, name: string): Promise<SavedQuery | undefined> {
  if (!savedSqlName.test(name)) return undefined;
  const [row] = await select(db.pool, db.statements["saved-query"], { name });
  return row && toQuery(row);
}

/** Saved queries by name, starting after `after`; the public ones alone, or all. */
export async function listQueries(
  db: Database,
  page: { after: string; rows: number; publicOnly: boolean },
): Promise<SavedQuery[]> {
  const { after, rows, publicOnly } = page;
  const text = withLines(db.statements["saved-queries"], new Set(publicOnly ? ["public"] : []));
  return (await select(db.pool, text, { after, rows })).map(toQuery);
}

/** Saves a query; whether it is a new one. */
export async function saveQuery(
  db: Database,
  draft: QueryDraft & { columns: readonly ResultColumn[] },
  changedBy: string,
): Promise<boolean> {
  const { name, description, sql, params, columns } = draft;
  const { affectedRows } = await write(db.pool, db.statements["save-query"], {
    name,
    description,
    statement: sql,
    params: JSON.stringify(params),
    columns: JSON.stringify(columns),
    isPublic: draft.public ? 1 : 0,
    changedBy,
  });
  return affectedRows === 1;
}

/** Deletes a saved query; whether there was one. */
export async function deleteQuery(db: Database, name: string): Promise<boolean> {
  if (!savedSqlName.test(name)) return false;
  return (await write(db.pool, db.statements["delete-query"], { name })).affectedRows > 0;
}
