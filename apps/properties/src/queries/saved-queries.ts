import {
  asSqlReader,
  parameterFaults,
  parameterUse,
  type ResultColumn,
  requireNone,
  type SqlReader,
  statementOf,
  textOf,
} from "@quintet/db";
import { Problem } from "@quintet/http";
import type { Database } from "../database.ts";
import { deleteQuery, findQuery, listQueries, saveQuery } from "./query-queries.ts";
import { exactColumn } from "./run-sql.ts";
import type { QueryDraft, SavedQuery } from "./saved-query.ts";
import type { SqlAccess } from "./sql-access.ts";

/** The saved query with that name. Throws `not-found`, also when it is not shared with the account. */
export async function savedQuery(db: Database, name: string, isStaff: boolean): Promise<SavedQuery> {
  const query = await findQuery(db, name);
  if (!query || !(query.public || isStaff)) {
    throw new Problem("not-found", "Saved query not found. GET /properties/queries lists the queries.");
  }
  return query;
}

/** A page of the saved queries by name, the public ones alone or all; `end` is the name before the next page, if there is one. */
export async function pageOfQueries(
  db: Database,
  { after = "", limit, publicOnly }: { after: string | undefined; limit: number; publicOnly: boolean },
): Promise<{ queries: SavedQuery[]; end: string | undefined }> {
  const found = await listQueries(db, { after, rows: limit + 1, publicOnly });
  const queries = found.slice(0, limit);
  return { queries, end: found.length > limit ? queries.at(-1)?.name : undefined };
}

/** Saves a draft that can run, in place of the query with its name; false when there was one. Throws what `checkQuery` throws. */
export async function storeQuery(
  db: Database,
  { reader, publicQueries }: Pick<SqlAccess, "reader" | "publicQueries">,
  draft: QueryDraft,
  by: string,
): Promise<boolean> {
  const columns = await checkQuery(reader, draft);
  const isNew = await saveQuery(db, { ...draft, columns }, by);
  publicQueries.renew();
  return isNew;
}

/** Removes a saved query. Throws `not-found`. */
export async function removeQuery(
  db: Database,
  { publicQueries }: Pick<SqlAccess, "publicQueries">,
  name: string,
): Promise<void> {
  if (!(await deleteQuery(db, name))) throw new Problem("not-found", "Saved query not found.");
  publicQueries.renew();
}

/** The columns of a draft's rows. Throws a 422 that names `sql` or a parameter when it cannot run. */
async function checkQuery(reader: SqlReader, { sql, params }: QueryDraft): Promise<ResultColumn[]> {
  requireNone(params.flatMap((parameter, at) => parameterFaults(parameter, `params.${at}`)));
  const statement = statementOf(sql, "sql");
  requireNone(parameterUse(params, statement));
  const fields = await asSqlReader(reader, (session) => session.prepare(textOf(statement, params))).catch(
    (error: unknown) => {
      if (error instanceof Problem && error.code === "unprocessable")
        requireNone([{ path: "sql", message: error.message }]);
      throw error;
    },
  );
  return fields.map(exactColumn);
}
