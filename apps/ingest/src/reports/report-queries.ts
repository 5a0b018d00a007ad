import { type MysqlPool, type Parameter, savedSqlName } from "@quintet/db";
import type { ResultSetHeader, RowDataPacket } from "mysql2/promise";
import type { Report } from "./report.ts";

interface ReportRow extends RowDataPacket {
  name: string;
  description: string;
  statement: string;
  summary: string;
  params: string;
  own: number;
  changed_by: string;
  changed_at: Date;
}

const columns = "name, description, statement, summary, params, own, changed_by, changed_at";

function toReport(row: ReportRow): Report {
  return {
    name: row.name,
    description: row.description,
    sql: row.statement,
    summary: JSON.parse(row.summary) as string[],
    params: JSON.parse(row.params) as Parameter[],
    own: row.own === 1,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
  };
}

/** The report with that name, which may be any text. */
export async function findReport(db: MysqlPool, name: string): Promise<Report | undefined> {
  if (!savedSqlName.test(name)) return undefined;
  const [rows] = await db.query<ReportRow[]>(`SELECT ${columns} FROM ingest_reports WHERE name = :name`, { name });
  return rows[0] && toReport(rows[0]);
}

/** Reports by name, starting after `after`. */
export async function listReports(db: MysqlPool, after: string, limit: number): Promise<Report[]> {
  const [rows] = await db.query<ReportRow[]>(
    `SELECT ${columns} FROM ingest_reports WHERE name > :after ORDER BY name LIMIT :limit`,
    { after, limit },
  );
  return rows.map(toReport);
}

/** What a request says of a report. */
export type ReportDraft = Pick<Report, "name" | "description" | "sql" | "summary" | "params">;

/** Saves a report; whether it is a new one. */
export async function saveReport(db: MysqlPool, draft: ReportDraft, by: string): Promise<boolean> {
  const { name, description, sql } = draft;
  const [summary, params] = [draft.summary, draft.params].map((list) => JSON.stringify(list));
  const [{ affectedRows }] = await db.query<ResultSetHeader>(
    `INSERT INTO ingest_reports (name, description, statement, summary, params, own, changed_by, changed_at)
      VALUES (:name, :description, :sql, :summary, :params, FALSE, :by, UTC_TIMESTAMP(3))
      ON DUPLICATE KEY UPDATE description = :description, statement = :sql, summary = :summary, params = :params,
        own = FALSE, changed_by = :by, changed_at = UTC_TIMESTAMP(3)`,
    { name, description, sql, summary, params, by },
  );
  return affectedRows === 1;
}

/** Deletes a report; whether there was one. */
export async function deleteReport(db: MysqlPool, name: string): Promise<boolean> {
  if (!savedSqlName.test(name)) return false;
  const [{ affectedRows }] = await db.query<ResultSetHeader>("DELETE FROM ingest_reports WHERE name = :name", { name });
  return affectedRows > 0;
}
