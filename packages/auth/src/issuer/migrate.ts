import { fileURLToPath } from "node:url";
import { connectMysql, migrateMysql } from "@quintet/db";
import { learnNewEmails } from "./email-queries.ts";

/** Makes the tables of the accounts where they are missing and learns the emails of accounts that Django made. */
export async function migrateAccounts(mysqlUrl: string): Promise<void> {
  await migrateMysql(mysqlUrl, "auth", fileURLToPath(new URL("../../migrations", import.meta.url)));
  const pool = connectMysql(mysqlUrl, { connections: 1 });
  try {
    await learnNewEmails(pool);
  } finally {
    await pool.end();
  }
}
