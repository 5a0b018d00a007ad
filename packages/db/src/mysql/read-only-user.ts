import { deriveKey, isTimeout, isUnavailable } from "@quintet/http";
import { createConnection, type Pool, type RowDataPacket } from "mysql2/promise";
import { connectMysql } from "./pool.ts";

export interface ReadOnlyUserOptions {
  /** What the user is for, in its name: "reports". */
  purpose: string;
  /** The name of its connections in metrics. */
  name: string;
  /** The app's own connections, with which it grants, and their URL. */
  app: Pool;
  url: string;
  /** The URL with the user that an administrator has made, if any, and the setting that it is from. */
  given: string | undefined;
  setting: string;
  /** From which the password of the user that the app creates is derived. */
  secret: string;
  statementSeconds: number;
  /** Max statements at once; default: 4. */
  connections?: number;
  /** The names of the tables that it may read. */
  readable(): Promise<readonly string[]>;
  /** Called when there is no such user, once for each reason; `rights` are those in excess. */
  onFault(reason: string, rights: readonly string[]): void;
}

/** There is no such user, or its rights are not what they must be; the message says what to do. */
export class ReadOnlyUserFault extends Error {
  override name = "ReadOnlyUserFault";
  /** The rights in excess, which are for the log. */
  readonly rights: readonly string[];

  constructor(message: string, rights: readonly string[] = []) {
    super(message);
    this.rights = rights;
  }
}

/** The rights are looked at again after this time, and after a fault after that. */
const goodForMs = 60_000;
const retryAfterMs = 10_000;

/**
 * A database user who can SELECT from certain tables and do nothing else, for SQL that others have written. An administrator has made it,
 * or the app does; its rights are checked before it is used. See docs/decisions/saved-reports.md.
 */
export class ReadOnlyUser implements AsyncDisposable {
  readonly #options: ReadOnlyUserOptions;
  #connected: Promise<Pool> | undefined;
  #checked: { until: number; pool: Promise<Pool> } | undefined;
  #reason = "";

  constructor(options: ReadOnlyUserOptions) {
    this.#options = options;
  }

  /** Connections of the user, whose rights have been checked; their values are exact. Rejects with `ReadOnlyUserFault`. */
  async pool(): Promise<Pool> {
    const now = Date.now();
    if (!this.#checked || now > this.#checked.until) this.#checked = { until: now + goodForMs, pool: this.#open() };
    const checked = this.#checked;
    try {
      return await checked.pool;
    } catch (error) {
      if (!(error instanceof ReadOnlyUserFault)) {
        if (this.#checked === checked) this.#checked = undefined;
        throw error;
      }
      checked.until = Math.min(checked.until, now + retryAfterMs);
      if (this.#reason !== error.message) this.#options.onFault(error.message, error.rights);
      this.#reason = error.message;
      throw error;
    }
  }

  /** Has the rights looked at again before the next use: tables have come or gone. */
  renew(): void {
    this.#checked = undefined;
  }

  async #open(): Promise<Pool> {
    let pool = await this.#connectOnce();
    // Rights before tables: what another process grants meanwhile is not taken away.
    const { account, database, tables } = await grantsOf(pool).catch(async (error: unknown) => {
      if (!isDenied(error)) throw error;
      // The user is gone, or has another password.
      await pool.end();
      this.#connected = undefined;
      pool = await this.#connectOnce();
      return grantsOf(pool);
    });
    const wanted = new Set(await this.#options.readable());
    const changes = [
      ...[...wanted].filter((table) => !tables.has(table)).map((table) => ["GRANT", table, "TO"] as const),
      ...[...tables].filter((table) => !wanted.has(table)).map((table) => ["REVOKE", table, "FROM"] as const),
    ];
    for (const [change, table, to] of changes) {
      const statement = `${change} SELECT ON ${database}.${quoted(table)} ${to} ${account}`;
      // It need not succeed: rights in excess are found below, and those that lack when a statement needs them.
      await this.#options.app.query(statement).catch(rethrowUnavailable);
    }
    await this.#requireOnlyRead(pool);
    return pool;
  }

  async #connectOnce(): Promise<Pool> {
    this.#connected ??= this.#connect();
    const connected = this.#connected;
    return connected.catch((error: unknown) => {
      if (this.#connected === connected) this.#connected = undefined;
      throw error;
    });
  }

  /** Throws when the user may do more than read the tables. */
  async #requireOnlyRead(pool: Pool): Promise<void> {
    const { others } = await grantsOf(pool);
    if (others.length > 0) throw new ReadOnlyUserFault("Its database user may do more than read the tables.", others);
    const visible = await visibleTables(pool);
    const wanted = new Set(await this.#options.readable());
    const names = visible
      .filter(({ own, name }) => !own || !wanted.has(name))
      .map(({ place, name }) => `${place}.${name}`);
    if (names.length > 0) throw new ReadOnlyUserFault("Its database user may read more than the tables.", names);
  }

  async #connect(): Promise<Pool> {
    const { app, url, given, setting, purpose, name, secret, statementSeconds, connections = 4 } = this.#options;
    const target = new URL(given ?? url);
    if (target.pathname !== new URL(url).pathname) {
      throw new ReadOnlyUserFault(`${setting} must name the same database as MYSQL_URL.`);
    }
    let account: string | undefined;
    if (given === undefined) {
      const [[own]] = await app.query<RowDataPacket[]>(
        "SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', -1) AS host, LEFT(MD5(DATABASE()), 12) AS suffix",
      );
      target.username = `quintet_${purpose}_${own?.suffix}`;
      // A server may require one of each kind of character.
      target.password = `${deriveKey(secret, `database user ${purpose}`).toString("base64url")}aA1-`;
      account = `${literal(target.username)}@${literal(String(own?.host))}`;
    }
    const limits = {
      connections,
      name,
      statementSeconds,
      endsWithClient: true,
      exact: true,
    };
    const pool = connectMysql(target.href, limits);
    try {
      await pool.query("DO 0").catch(async (error: unknown) => {
        if (!isDenied(error)) throw error;
        if (account === undefined) await this.#grantFirst(await accountOf(target));
        else await this.#createUser(account, target.password);
        await pool.query("DO 0");
      });
      return pool;
    } catch (error) {
      await pool.end();
      if (!isDenied(error)) throw error;
      throw account === undefined
        ? new ReadOnlyUserFault(`MySQL does not accept the user of ${setting}.`)
        : noUser(setting);
    }
  }

  /** Grants the right to one of the tables: a user without any cannot connect to the database. */
  async #grantFirst(account: string): Promise<void> {
    const { app, readable } = this.#options;
    const [first] = await readable();
    if (first === undefined) throw new ReadOnlyUserFault("There is no table to read.");
    await app.query(`GRANT SELECT ON ${quoted(first)} TO ${account}`).catch(rethrowUnavailable);
  }

  async #createUser(account: string, password: string): Promise<void> {
    const { app, setting } = this.#options;
    try {
      await app.query(`CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ${literal(password)}`);
      // It may be there from before, when the secret was another one.
      await app.query(`ALTER USER ${account} IDENTIFIED BY ${literal(password)}`);
    } catch (error) {
      rethrowUnavailable(error);
      // The error has the statement, and that the password.
      throw noUser(setting);
    }
    await this.#grantFirst(account);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#checked?.pool.catch(() => {});
    const pool = await this.#connected?.catch(() => undefined);
    await pool?.end();
  }
}

function noUser(setting: string): ReadOnlyUserFault {
  return new ReadOnlyUserFault(
    `Set ${setting} to a database user who can only read the tables, or let the user of MYSQL_URL create one.`,
  );
}

function rethrowUnavailable(error: unknown): void {
  if (isUnavailable(error) || isTimeout(error)) throw error;
}

/** The account as which the server knows the user of a URL, in SQL. Rejects when it does not let the user in, whatever the database. */
async function accountOf(url: URL): Promise<string> {
  const server = new URL(url);
  server.pathname = "";
  const connection = await createConnection({ uri: server.href, connectTimeout: 5000 });
  connection.on("error", () => {});
  try {
    const [[row]] = await connection.query<RowDataPacket[]>("SELECT CURRENT_USER() AS account");
    return accountInSql(String(row?.account));
  } finally {
    connection.destroy();
  }
}

function accountInSql(account: string): string {
  const at = account.lastIndexOf("@");
  return `${literal(account.slice(0, at))}@${literal(account.slice(at + 1))}`;
}

/** Whether MySQL does not let a user in, or not to the database, or does not know it any more. */
function isDenied(error: unknown): boolean {
  return error instanceof Error && "errno" in error && [1044, 1045, 1141, 1698].includes(Number(error.errno));
}

interface Grants {
  /** The account as the server has taken the user for, and the database, in SQL. */
  account: string;
  database: string;
  /** The tables of the database with a right to SELECT of their own. */
  tables: Set<string>;
  /** All other rights, as the server lists them. */
  others: string[];
}

/** The rights of the user of a pool. */
async function grantsOf(pool: Pool): Promise<Grants> {
  const [[row]] = await pool.query<RowDataPacket[]>("SELECT DATABASE() AS name, CURRENT_USER() AS account");
  const database = quoted(String(row?.name));
  const account = accountInSql(String(row?.account));
  const [rows] = await pool.query<RowDataPacket[]>("SHOW GRANTS");
  const tables = new Set<string>();
  const others: string[] = [];
  for (const grant of rows.map((each) => String(Object.values(each)[0]))) {
    const [, on, table] =
      /^GRANT SELECT ON (`(?:[^`]|``)+`)\.(`(?:[^`]|``)+`) TO [^\n]*(?<! WITH GRANT OPTION)$/.exec(grant) ?? [];
    if (on === database && table !== undefined) tables.add(table.slice(1, -1).replaceAll("``", "`"));
    else if (!/^GRANT USAGE ON \*\.\* TO [^\n]*(?<! WITH GRANT OPTION)$/.test(grant)) {
      others.push(/^GRANT (.+?) TO /.exec(grant)?.[1] ?? "a role");
    }
  }
  return { account, database, tables, others };
}

/** The tables that the user of a pool may read, also as everybody or by a role. */
async function visibleTables(pool: Pool): Promise<{ own: boolean; place: string; name: string }[]> {
  const [rows] = await pool.query<RowDataPacket[]>(
    `SELECT table_schema = DATABASE() AS own, table_schema AS place, table_name AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('information_schema', 'performance_schema')`,
  );
  return rows.map(({ own, place, name }) => ({ own: Number(own) === 1, place: String(place), name: String(name) }));
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
