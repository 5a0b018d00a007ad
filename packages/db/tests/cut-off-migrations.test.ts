import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, inject, it } from "vitest";
import { readMigrations } from "../src/migrations/migration-files.ts";
import { testMysql } from "../src/testing.ts";

const root = join(import.meta.dirname, "../../..");

/** A file's statements; a semicolon within one does not end its line. */
function statementsOf(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.replaceAll(/^\s*--.*$/gm, "").trim())
    .filter((statement) => statement !== "");
}

/** The tables of a database with what is in them. */
async function contents(url: string): Promise<Record<string, unknown>> {
  const connection = await createConnection(url);
  const [tables] = await connection.query<RowDataPacket[]>("SHOW TABLES");
  const found: Record<string, unknown> = {};
  for (const name of tables.map((row) => String(Object.values(row)[0]))) {
    const [[made]] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${name}`);
    const [[rows]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${name}`);
    found[name] = [Object.values(made ?? {})[1], rows?.n];
  }
  await connection.end();
  return found;
}

it.each(["apps/ingest", "apps/properties", "apps/accounts"])(
  "a migration of %s that was cut off after any of its statements runs again from its beginning",
  async (folder) => {
    await using cut = await testMysql(inject("mysqlUrl"));
    await using whole = await testMysql(inject("mysqlUrl"));
    const [often, once] = [await createConnection(cut.url), await createConnection(whole.url)];
    for (const { name, text } of await readMigrations(join(root, folder, "migrations"))) {
      const statements = statementsOf(text);
      for (let until = 1; until <= statements.length; until++) {
        for (const statement of statements.slice(0, until)) {
          await often.query(statement).catch((error) => {
            throw new Error(`${name}, cut off after ${until - 1} statements: ${error.message}`, { cause: error });
          });
        }
      }
      for (const statement of statements) await once.query(statement);
    }
    await often.end();
    await once.end();
    expect(await contents(cut.url)).toEqual(await contents(whole.url));
  },
);
