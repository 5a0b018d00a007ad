import { fileURLToPath } from "node:url";
import { connectMysql, migrateMysql } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { learnNewEmails } from "./accounts/email-queries.ts";
import { protectAudit } from "./audit/protect-audit.ts";

/**
 * Migrates the tables of the accounts, protects the audit log against changes (`auditDays` as for `protectAudit`), and adds the emails
 * of accounts that Django has created.
 */
export async function migrateAccounts(mysqlUrl: string, log?: Logger, auditDays = 0): Promise<void> {
  await migrateMysql(mysqlUrl, "auth", fileURLToPath(new URL("../migrations", import.meta.url)));
  const pool = connectMysql(mysqlUrl, { connections: 1, statementSeconds: 0 });
  try {
    await protectAudit(pool, auditDays, log);
    await learnNewEmails(pool);
  } finally {
    await pool.end();
  }
}
