import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";

const tables = ["auth_audit", "auth_audit_outcome"];
const ours = /^auth_audit(_outcome)?_(no_update|no_delete|keep_\d+_days)$/;
// The user may not create triggers, or not while the server writes a binary log (log_bin_trust_function_creators).
const refusals = new Set([
  "ER_TABLEACCESS_DENIED_ERROR",
  "ER_DBACCESS_DENIED_ERROR",
  "ER_SPECIFIC_ACCESS_DENIED_ERROR",
  "ER_BINLOG_CREATE_ROUTINE_NEED_SUPER",
]);

/**
 * Creates triggers by which the database itself refuses to change or delete an event of the audit log; with `days` above 0 older
 * ones may be deleted. If the user may not create triggers, a warning is logged and the start continues.
 */
export async function protectAudit(pool: MysqlPool, days: number, log: Logger | undefined): Promise<void> {
  const [rows] = await pool.query<RowDataPacket[]>(
    "SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
  );
  const present = new Set(rows.map((row) => String(row.name)));
  const refuse = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The audit log is append-only'";
  const age = Math.trunc(days);
  const wanted = tables.flatMap((table) => [
    { name: `${table}_no_update`, when: `BEFORE UPDATE ON ${table}`, body: refuse },
    age === 0
      ? { name: `${table}_no_delete`, when: `BEFORE DELETE ON ${table}`, body: refuse }
      : {
          name: `${table}_keep_${age}_days`,
          when: `BEFORE DELETE ON ${table}`,
          body: `IF OLD.at > UTC_TIMESTAMP(3) - INTERVAL ${age} DAY THEN ${refuse}; END IF`,
        },
  ]);
  try {
    for (const { name, when, body } of wanted) {
      if (present.has(name)) continue;
      await pool.query(`CREATE TRIGGER ${name} ${when} FOR EACH ROW ${body}`).catch((error: unknown) => {
        if (codeOf(error) !== "ER_TRG_ALREADY_EXISTS") throw error;
      });
    }
    // After the new ones exist, so that there is no moment without triggers.
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of present) {
      if (ours.test(name) && !names.has(name)) await pool.query(`DROP TRIGGER IF EXISTS ${name}`);
    }
  } catch (error) {
    if (!refusals.has(codeOf(error))) throw error;
    log?.warn({ err: error }, "Database user may not create triggers, so it can change the audit log");
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
