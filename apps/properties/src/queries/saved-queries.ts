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
import { findQuery } from "./query-queries.ts";
import { exactColumn } from "./run-sql.ts";
import type { QueryDraft, SavedQuery } from "./saved-query.ts";

/** The saved query with that name. Throws `not-found`, also when it is not shared with the account. */
export async function savedQuery(db: Database, name: string, isStaff: boolean): Promise<SavedQuery> {
  const query = await findQuery(db, name);
  if (!query || !(query.public || isStaff)) {
    throw new Problem("not-found", "Saved query not found. GET /properties/queries lists the queries.");
  }
  return query;
}

/** The columns of a draft's rows. Throws a 422 that names `sql` or a parameter when it cannot run. */
export async function checkQuery(reader: SqlReader, { sql, params }: QueryDraft): Promise<ResultColumn[]> {
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
