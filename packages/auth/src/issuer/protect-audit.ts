import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";

const tables = ["auth_audit", "auth_audit_outcome"];
const changes = ["UPDATE", "DELETE"];
// The user may make no triggers, or may make none while the server writes a binary log (log_bin_trust_function_creators).
const refusals = new Set([
  "ER_TABLEACCESS_DENIED_ERROR",
  "ER_DBACCESS_DENIED_ERROR",
  "ER_SPECIFIC_ACCESS_DENIED_ERROR",
  "ER_BINLOG_CREATE_ROUTINE_NEED_SUPER",
]);

/**
 * Makes the database itself refuse to change or remove a line of the audit log, by triggers. Where the user may not make any this
 * is logged, and the accounts open all the same.
 */
export async function protectAudit(pool: MysqlPool, log: Logger | undefined): Promise<void> {
  const [rows] = await pool.query<RowDataPacket[]>(
    "SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
  );
  const present = new Set(rows.map((row) => String(row.name)));
  for (const table of tables) {
    for (const change of changes) {
      const name = `${table}_no_${change.toLowerCase()}`;
      if (present.has(name)) continue;
      try {
        await pool.query(
          `CREATE TRIGGER ${name} BEFORE ${change} ON ${table} FOR EACH ROW
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The audit log is append-only'`,
        );
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (code === "ER_TRG_ALREADY_EXISTS") continue;
        if (!refusals.has(code)) throw error;
        log?.warn({ err: error }, "the database user may not make triggers, so it can change the audit log");
        return;
      }
    }
  }
}
