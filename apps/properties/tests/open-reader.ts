import { inReadOnlySession, ReadOnlyUser, StatementFault } from "@quintet/db";
import { isTimeout } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import type { Layer } from "./hostile-statements.ts";
import type { OpenListings } from "./open-listings.ts";

/** A database user as that of staff's SQL, whose statements may last one second. */
export interface TestReader extends AsyncDisposable {
  user: ReadOnlyUser;
  /** What holds a statement that is sent as the user in a session of its own, whatever its text is. */
  holds(sql: string, held: Layer): Promise<Layer | string>;
}

const bounds = { rows: 10, bytes: 100_000, cuts: true };
/** MySQL's error numbers for a right that lacks. */
const rights = [1044, 1045, 1142, 1143, 1227, 1370, 1410];
/** For what is no SQL, or cannot be prepared or executed so. */
const protocol = [1064, 1109, 1210, 1295];

/** Makes the user, and tables and a procedure that it must not use. */
export async function openReader(listings: OpenListings): Promise<TestReader> {
  const { mysql, sql } = listings.deps;
  await mysql.query("CREATE TABLE auth_user (id INT, password VARCHAR(80))");
  await mysql.query("INSERT INTO auth_user VALUES (1, 'a hash')");
  await mysql.query("CREATE PROCEDURE stored() SELECT 1");
  const user = new ReadOnlyUser({
    purpose: "hostile",
    name: "hostile",
    setting: "X",
    secret: "a secret",
    statementSeconds: 1,
    connections: 3,
    app: mysql,
    url: listings.config.MYSQL_URL,
    given: undefined,
    readable: sql.reader.readable,
    onFault: () => {},
  });
  const pool = await user.pool();
  const [[account]] = await pool.query<RowDataPacket[]>("SELECT CURRENT_USER() AS name");
  return {
    user,
    async holds(statement, held) {
      try {
        const read = inReadOnlySession(pool, (session) => session.read(statement, [], bounds), {
          endsConnection: true,
        });
        const { cutBy } = await read;
        return cutBy ? "size" : held === "connection" ? held : "nothing";
      } catch (error) {
        if (error instanceof StatementFault) return "no query";
        const { errno = 0, message } = error as { errno?: number; message: string };
        // A function that ends at the limit without an error took as long as it may.
        if (isTimeout(error)) return errno > 0 || message.includes("within 1 s") ? "time" : "kill";
        if (rights.includes(errno)) return "user";
        if (errno === 1792) return "read-only";
        return protocol.includes(errno) ? "protocol" : message;
      }
    },
    async [Symbol.asyncDispose]() {
      await user[Symbol.asyncDispose]();
      await mysql.query(`DROP USER '${String(account?.name).replace("@", "'@'")}'`);
    },
  };
}
