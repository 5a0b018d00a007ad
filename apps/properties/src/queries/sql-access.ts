import { type MysqlPool, ReadOnlyUser, type SqlReader } from "@quintet/db";
import { type Logger, Problem } from "@quintet/http";
import type { Config } from "../config.ts";
import type { Database } from "../database.ts";
import { PublicQueries } from "./public-queries.ts";
import { readableTables } from "./query-queries.ts";

/** What SQL of staff and saved queries run with. */
export interface SqlAccess extends AsyncDisposable {
  /** As whom they run. */
  reader: SqlReader;
  /** Has the listings follow what was written before the call. While they are being made, statements read those that are there. */
  follow(): Promise<void>;
  publicQueries: PublicQueries;
}

/** Max concurrent statements: they may use this share of MySQL, and further ones wait. */
const maxStatements = 3;

/** Connects lazily. */
export function openSqlAccess(db: Database, mysql: MysqlPool, config: Config, log: Logger): SqlAccess {
  const readable = () => readableTables(db);
  const user = new ReadOnlyUser({
    purpose: "sql",
    name: "properties SQL",
    app: mysql,
    url: config.MYSQL_URL,
    given: config.SQL_MYSQL_URL,
    setting: "SQL_MYSQL_URL",
    secret: config.QUINTET_SECRET,
    statementSeconds: config.STATEMENT_SECONDS,
    connections: maxStatements,
    readable,
    onFault: (reason, rights) => log.warn({ rights }, `SQL of staff has no database user. ${reason}`),
  });
  return {
    reader: { user, readable, subject: "The statement", subjects: "SQL statements", endsConnections: true },
    async follow() {
      await db.fresh().catch((error: unknown) => {
        if (!(error instanceof Problem && error.code === "unavailable")) throw error;
      });
    },
    publicQueries: new PublicQueries(db),
    [Symbol.asyncDispose]: () => user[Symbol.asyncDispose](),
  };
}
