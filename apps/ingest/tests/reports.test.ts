import { connectMysql, inReadOnlySession, type ReadOnlySession, ReadOnlyUser, ResultTooLarge } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hires, listen, problemOf, type TestIngest } from "./open-ingest.ts";

let ingest: TestIngest;
let origin: string;

beforeAll(async () => {
  ({ ingest, origin } = await listen({}));
  await ingest.load("hired_employees", hires(1, 500));
});
afterAll(() => ingest[Symbol.asyncDispose]());

const put = (name: string, json: object, by?: string) =>
  ingest.call("PUT", `/ingest/reports/${name}`, by === undefined ? { json } : { json, by });
const run = async (name: string, query = "") => {
  const response = await ingest.call("GET", `/ingest/reports/${name}${query}`, { by: ingest.people.plain.bearer });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
/** The first fault of a statement, as `sql: …`. */
const faultOf = async (sql: string) => {
  const response = await put("hostile", { sql });
  const { errors } = (await response.json()) as { errors?: { path: string; message: string }[] };
  return `${response.status} ${errors?.[0]?.path}: ${errors?.[0]?.message}`;
};

describe("a saved report", () => {
  const hiredSince = {
    description: "Hires of a department since a day",
    sql: `SELECT COUNT(*) OVER () AS hires, h.id, h.name -- a comment
      FROM hired_employees AS h WHERE h.department_id = :department AND h.\`datetime\` >= :since /* another */ ORDER BY h.id LIMIT 2;`,
    summary: ["hires"],
    params: [
      { name: "department", type: "integer", minimum: 1, description: "Its id" },
      { name: "since", type: "date", default: "2021-01-01" },
    ],
  };

  it("is saved by staff, run by everybody, listed, replaced and deleted", async () => {
    await problemOf(await put("since", hiredSince, ingest.people.plain.bearer), 403);
    const saved = await put("since", hiredSince);
    expect([saved.status, saved.headers.get("location")]).toEqual([201, "/ingest/reports/since"]);
    expect(await saved.json()).toMatchObject({
      name: "since",
      sql: hiredSince.sql,
      params: [
        { name: "department", type: "integer", required: true, minimum: "1" },
        { name: "since", type: "date", required: false, default: "2021-01-01" },
      ],
      changedBy: ingest.people.staff.username,
    });
    expect(await run("since", "?department=1")).toEqual({
      status: 200,
      body: {
        department: 1,
        since: "2021-01-01",
        hires: 41,
        columns: [
          { name: "id", type: "integer" },
          { name: "name", type: "string" },
        ],
        rows: [
          { id: 12, name: "Person 12" },
          { id: 24, name: "Person 24" },
        ],
      },
    });
    expect((await run("since", "?department=1&since=2022-01-01")).body).toMatchObject({ hires: null, rows: [] });
    const names = async (query: string) => {
      const response = await ingest.call("GET", `/ingest/reports${query}`);
      const { reports, nextCursor } = (await response.json()) as { reports: { name: string }[]; nextCursor: string };
      return { names: reports.map(({ name }) => name), nextCursor };
    };
    const first = await names("?limit=2");
    expect(first.names).toEqual(["departments-above-mean", "hired-by-quarter"]);
    expect(await names(`?limit=2&cursor=${first.nextCursor}`)).toEqual({ names: ["since"], nextCursor: null });
    expect((await put("since", { sql: "SELECT id FROM jobs WHERE id = 7" })).status).toBe(200);
    expect((await run("since")).body).toMatchObject({ rows: [{ id: 7 }] });
    await problemOf(await ingest.call("DELETE", "/ingest/reports/since", { by: ingest.people.plain.bearer }), 403);
    expect((await ingest.call("DELETE", "/ingest/reports/since")).status).toBe(204);
    for (const path of ["since", "since/definition", "%F0%9F%98%80", "Since"]) {
      await problemOf(await ingest.call("GET", `/ingest/reports/${path}`), 404);
    }
    await problemOf(await ingest.call("DELETE", "/ingest/reports/since"), 404);
    await problemOf(await put("No%20name", hiredSince), 400);
  });

  it("gives exact values, of every type", async () => {
    const fields = [
      { name: "k", type: "integer" },
      { name: "d", type: "number", precision: 38, scale: 12 },
      { name: "yes", type: "boolean" },
      { name: "day", type: "date" },
      { name: "clock", type: "time" },
      { name: "moment", type: "datetime" },
      { name: "local", type: "datetime", zoned: false },
      { name: "u", type: "uuid" },
      { name: "j", type: "json" },
      { name: "größe", type: "string" },
    ];
    const made = await ingest.call("PUT", "/ingest/tables/wide", { json: { fields, primaryKey: "k" } });
    expect(made.status).toBe(201);
    const uuid = "00000000-0000-4000-8000-000000000001";
    await ingest.rows(
      `INSERT INTO wide (k, d, yes, day, clock, moment, local, u, j, \`größe\`) VALUES
        (9223372036854775807, '12345678901234567890123456.000000000001', TRUE, '2021-02-03', '23:59:59.000001',
          '2021-02-03 04:05:06.000007', '2021-02-03 04:05:06', '${uuid}', '{"n": 12345678901234567890}', 'é😀'),
        (1, 0.5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
    );
    expect(
      (
        await put("wide", {
          sql: `SELECT *, d * 2 AS twice, 0.1e0 AS f, x'00ff' AS b, JSON_EXTRACT(j, '$') AS n FROM wide ORDER BY k DESC`,
        })
      ).status,
    ).toBe(201);
    const { body } = await run("wide");
    expect((body.columns as { type: string }[]).map(({ type }) => type)).toEqual(
      "integer number boolean date time datetime datetime string string string number number binary string".split(" "),
    );
    expect(body.rows).toEqual([
      {
        k: "9223372036854775807",
        d: "12345678901234567890123456.000000000001",
        yes: true,
        day: "2021-02-03",
        clock: "23:59:59.000001",
        moment: "2021-02-03T04:05:06.000007Z",
        local: "2021-02-03T04:05:06",
        u: uuid,
        j: '{"n": 12345678901234567890}',
        größe: "é😀",
        twice: "24691357802469135780246912.000000000002",
        f: 0.1,
        b: "AP8=",
        n: '{"n": 12345678901234567890}',
      },
      expect.objectContaining({ k: 1, d: 0.5, yes: null, moment: null, j: null, twice: 1 }),
    ]);
    const computed = `WITH hired_employees AS (SELECT k, local AS \`datetime\` FROM wide)
      SELECT w.moment AS a, MAX(w.moment) OVER () AS b, h.\`datetime\` AS c, d.moment AS d
      FROM wide AS w JOIN hired_employees AS h USING (k) JOIN (SELECT k, local AS moment FROM wide LIMIT 9) AS d USING (k) WHERE k > 1`;
    expect((await put("wide", { sql: computed })).status).toBe(200);
    const [a, ...others] = Object.values(((await run("wide")).body.rows as object[])[0]!);
    expect(a).toBe("2021-02-03T04:05:06.000007Z");
    expect(others).toEqual(["2021-02-03T04:05:06.000007", "2021-02-03T04:05:06", "2021-02-03T04:05:06"]);
    // No table of this one has local dates and times.
    const ofHires = `SELECT MIN(h.datetime) AS a, MAX(DATE_ADD(h.datetime, INTERVAL 1 DAY)) AS b, MIN(DATE(h.datetime)) AS c, MAX(s.t) AS d
      FROM hired_employees AS h JOIN (SELECT id, datetime AS t FROM hired_employees UNION SELECT 0, NULL) AS s USING (id) WHERE h.id = 1`;
    await ingest.rows("UPDATE hired_employees SET datetime = '2021-02-28 23:00:00' WHERE id = 1");
    expect((await put("wide", { sql: ofHires })).status).toBe(200);
    expect((await run("wide")).body.rows).toEqual([
      { a: "2021-02-28T23:00:00Z", b: "2021-03-01T23:00:00Z", c: "2021-02-28", d: "2021-02-28T23:00:00Z" },
    ]);
  });

  it("takes values of the type of its parameters only", async () => {
    const params = [
      { name: "i", type: "integer", default: 0, minimum: -5, maximum: "9223372036854775807" },
      { name: "n", type: "number", default: "0.1" },
      { name: "s", maxLength: 5, required: false },
      { name: "e", enum: ["a", "b'"], default: "a" },
      { name: "d", type: "date", default: "2021-01-31" },
      { name: "t", type: "datetime", default: "2021-01-01T00:00:00Z" },
      { name: "b", type: "boolean", default: true },
    ];
    const sql = `SELECT :i + 0 AS i, :n * 3 AS n, :s AS s, :e AS e, :d + INTERVAL 1 MONTH AS d, :t AS t, IF(:b, 'yes', 'no') AS b
      FROM jobs WHERE id = 1`;
    expect((await put("types", { sql, params })).status).toBe(201);
    const row = async (query: string) => ((await run("types", query)).body.rows as object[])[0];
    expect(await row("")).toEqual({
      i: 0,
      n: 0.3,
      s: null,
      e: "a",
      d: "2021-02-28",
      t: "2021-01-01T00:00:00Z",
      b: "yes",
    });
    const given =
      "?i=9223372036854775807&n=12345678901234567890.000001&s=%27%20OR&e=b%27&d=2024-02-29&t=2021-01-01T00:00:00.5-05:00&b=false";
    expect(await row(given)).toEqual({
      i: "9223372036854775807",
      n: "37037036703703703670.000003",
      s: "' OR",
      e: "b'",
      d: "2024-03-29",
      t: "2021-01-01T05:00:00.500000Z",
      b: "no",
    });
    for (const [query, path] of [
      ["?i=-6", "i"],
      ["?i=1.0", "i"],
      ["?i=9223372036854775808", "i"],
      ["?i=1&i=2", "i"],
      ["?n=1e3", "n"],
      ["?s=123456", "s"],
      ["?e=c", "e"],
      ["?d=2021-02-29", "d"],
      ["?t=2021-01-01T25:00", "t"],
      ["?b=1", "b"],
      ["?constructor=1", "constructor"],
    ]) {
      const problem = await problemOf(await ingest.call("GET", `/ingest/reports/types${query}`), 400);
      expect([query, problem.errors?.map((fault) => fault.path)]).toEqual([query, [path]]);
    }
  });

  it.each([
    [{ sql: "SELECT :a AS x FROM jobs" }, "sql"],
    [{ sql: "SELECT id FROM jobs", params: [{ name: "a" }] }, "params.0.name"],
    [{ sql: "SELECT :a AS x", params: [{ name: "a" }, { name: "a" }] }, "params"],
    [{ sql: "SELECT :rows AS x", params: [{ name: "rows" }] }, "params.0.name"],
    [{ sql: "SELECT :a AS x", params: [{ name: "a", type: "date", default: "x" }] }, "params.0.default"],
    [{ sql: "SELECT :a AS x", params: [{ name: "a", type: "integer", minimum: "x" }] }, "params.0.minimum"],
    [{ sql: "SELECT :a AS x", params: [{ name: "a", maximum: "x" }] }, "params.0.maximum"],
    [{ sql: "SELECT :a AS x", params: [{ name: "a", type: "integer", enum: ["x"] }] }, "params.0.enum"],
    [{ sql: "SELECT a.id, b.id FROM jobs a, jobs b" }, "sql"],
    [{ sql: "SELECT id FROM jobs", summary: ["name"] }, "summary"],
    [{ sql: "SELECT id FROM jobs", summary: ["id"] }, "summary"],
    [{ sql: "SELECT id, 1 AS `rows` FROM jobs", summary: ["rows"] }, "summary"],
    [{ sql: "SELECT nothing FROM jobs" }, "sql"],
    [{ sql: "SELECT id FROM nothing" }, "sql"],
    [{ sql: "SELECT id FROM jobs", own: true }, "own"],
    [{}, "sql"],
  ])("%j is refused", async (json, path) => {
    const { errors } = await problemOf(await put("refused", json), 422);
    expect(errors?.[0]?.path).toBe(path);
  });

  it("finds a table that was made a moment ago, and not one that was deleted", async () => {
    const json = { fields: [{ name: "id", type: "integer" }], primaryKey: "id" };
    await run("hired-by-quarter", "?year=2021");
    expect((await ingest.call("PUT", "/ingest/tables/fresh", { json })).status).toBe(201);
    expect((await put("fresh", { sql: "SELECT id FROM fresh" })).status).toBe(201);
    expect((await ingest.call("DELETE", "/ingest/tables/fresh")).status).toBe(204);
    const { status, body } = await run("fresh");
    expect([status, body.detail]).toEqual([422, expect.stringContaining("fresh")]);
    expect(JSON.stringify(body)).not.toContain("quintet_reports");
  });
});

/** Statements that are no report, and what is said of them. */
const hostile: [sql: string, why: RegExp][] = [
  ["SET STATEMENT max_statement_time = 0 FOR SELECT 1", /one query/],
  ["SET PASSWORD = PASSWORD('x')", /one query/],
  ["SET SESSION max_statement_time = 0", /one query/],
  ["SELECT GET_LOCK('quintet', 100)", /GET_LOCK/],
  ["SELECT GET_LOCK /* x */ ('quintet', 100)", /GET_LOCK/],
  ["SELECT `GET_LOCK`('quintet', 100)", /GET_LOCK/],
  ["SELECT IS_USED_LOCK('x'), RELEASE_ALL_LOCKS()", /IS_USED_LOCK/],
  ["COMMIT", /one query/],
  ["BEGIN NOT ATOMIC SELECT 1; END", /one query/],
  ["HANDLER jobs OPEN", /one query/],
  ["SELECT * FROM jobs INTO OUTFILE '/tmp/x'", /INTO/],
  ["SELECT id FROM jobs INTO DUMPFILE '/tmp/x'", /INTO/],
  ["SELECT id INTO @a FROM jobs", /INTO|@/],
  ["SELECT id FROM jobs LOCK IN SHARE MODE", /lock/],
  ["SELECT id FROM jobs FOR UPDATE", /lock/],
  ["SELECT id FROM jobs FOR SHARE SKIP LOCKED", /lock/],
  ["DO SLEEP(5)", /one query/],
  ["SELECT SLEEP(5)", /SLEEP/],
  ["SELECT @@datadir", /variables/],
  ["SELECT @a := 1", /variables/],
  ["SHOW GRANTS", /one query/],
  ["SELECT BENCHMARK(1000000000, MD5('a'))", /BENCHMARK/],
  ["SELECT LOAD_FILE('/etc/passwd')", /LOAD_FILE/],
  ["/*M!100000 SET @a = 1 */", /comments/],
  ["SELECT 1 /*!50000 , SLEEP(5) */", /comments/],
  ["SELECT /*+ MAX_EXECUTION_TIME(0) */ id FROM jobs", /comments/],
  ["SELECT 1; SELECT 2", /one statement/],
  ["SELECT 1;; DROP TABLE jobs", /one statement/],
  ["SELECT table_name FROM information_schema.tables", /information_schema/],
  ["SELECT User FROM mysql.user", /mysql/],
  ["SELECT * FROM `sys` . `version`", /sys/],
  ["SELECT stored()", /stored/],
  ["SELECT other.stored()", /stored/],
  ["SELECT CURRENT_USER", /CURRENT_USER/],
  ["SELECT USER(), VERSION(), DATABASE()", /USER/],
  ["SELECT CONNECTION_ID()", /CONNECTION_ID/],
  ["SELECT id FROM jobs PROCEDURE ANALYSE()", /procedure/],
  ["SELECT NEXTVAL(s)", /NEXTVAL/],
  ["SELECT LAST_INSERT_ID(5)", /LAST_INSERT_ID/],
  ["SELECT MASTER_POS_WAIT('x', 4, 5)", /MASTER_POS_WAIT/],
  ["WITH a AS (SELECT 1) DELETE FROM jobs", /./],
  ["WITH a AS (SELECT 1) UPDATE jobs SET job = 'x'", /./],
  ["INSERT INTO jobs VALUES (999, 'x')", /one query/],
  ["TRUNCATE jobs", /one query/],
  ["DROP TABLE jobs", /one query/],
  ["CREATE TABLE x (a INT)", /one query/],
  ["CALL stored()", /one query/],
  ["EXECUTE IMMEDIATE 'DROP TABLE jobs'", /one query/],
  ["KILL 1", /one query/],
  ["LOAD DATA LOCAL INFILE 'x' INTO TABLE jobs", /one query/],
  ["FLUSH TABLES", /one query/],
  ["EXPLAIN SELECT 1", /one query/],
  ["TABLE jobs", /one query/],
  ["VALUES (1)", /one query/],
  ["SELECT ? AS x", /name its parameters/],
  ["SELECT 'unfinished", /without an end/],
  ["SELECT 1 /* unfinished", /without an end/],
  ["SELECT 1 \u0000", /NUL/],
  ["SELECT * FROM ingest_loads", /not found/],
  ["SELECT * FROM ingest_reports", /not found/],
  ["SELECT * FROM staged_jobs", /not found/],
  ["SELECT * FROM before_jobs", /not found/],
  ["SELECT * FROM auth_user", /not found/],
  ["SELECT id FROM jobs UNION SELECT id FROM ingest_loads", /not found/],
  ["SELECT (SELECT MAX(id) FROM ingest_loads) AS a FROM jobs", /not found/],
];

describe("hostile SQL", () => {
  it("is refused when it is saved", async () => {
    const said: [string, string, boolean][] = [];
    for (const [sql, why] of hostile) {
      const fault = await faultOf(sql);
      said.push([sql, fault, fault.startsWith("422 sql: ") && why.test(fault)]);
    }
    expect(said.filter(([, , asExpected]) => !asExpected)).toEqual([]);
  });

  it("is refused by the database when the reader lets it pass", async () => {
    await ingest.rows("CREATE FUNCTION stored() RETURNS INT DETERMINISTIC NO SQL RETURN 1");
    await ingest.rows("CREATE TABLE auth_user (password VARCHAR(9))");
    const pool = await ingest.deps.savedReports.reader.user.pool();
    const outcome = (sql: string) =>
      inReadOnlySession(pool, (session) => session.read(sql, [], { rows: 10, bytes: 10_000 })).then(
        () => "done",
        (error: Error) => error.message,
      );
    const statements = [
      "INSERT INTO jobs VALUES (999, 'x')",
      "UPDATE jobs SET job = 'x'",
      "DELETE FROM jobs",
      "TRUNCATE jobs",
      "DROP TABLE jobs",
      "CREATE TABLE x (a INT)",
      "CREATE TEMPORARY TABLE x (a INT)",
      "SELECT id FROM jobs FOR UPDATE",
      "SELECT * FROM jobs INTO OUTFILE '/tmp/quintet-report'",
      "SELECT stored()",
      "SELECT * FROM ingest_loads",
      "SELECT * FROM staged_jobs",
      "SELECT * FROM auth_user",
      "SELECT * FROM mysql.user",
      "SELECT 1; SELECT 2",
      "SET GLOBAL max_connections = 1",
      "GRANT SELECT ON jobs TO CURRENT_USER",
      "KILL 1",
    ];
    const done: string[] = [];
    for (const sql of statements) if ((await outcome(sql)) === "done") done.push(sql);
    expect(done).toEqual([]);
    expect(await ingest.rows("SELECT COUNT(*) AS n FROM jobs")).toEqual([{ n: 183 }]);
  });

  it("cannot write, whatever the user may", async () => {
    const { own } = ingest.deps.savedReports;
    const bounds = { rows: 10, bytes: 10_000 };
    const written = inReadOnlySession(own, (session) => session.read("DELETE FROM hired_employees", [], bounds));
    await expect(written).rejects.toThrow(/READ.ONLY/i);
  });

  it("leaves nothing in the session", async () => {
    // One connection, so that the second state is of the same.
    await using pool = connectMysql(ingest.env.MYSQL_URL!, { connections: 1, statementSeconds: 5, exact: true });
    const bounds = { rows: 10, bytes: 10_000 };
    const state = () =>
      inReadOnlySession(pool, async (session) => {
        const sql =
          "SELECT CONNECTION_ID(), @a, IS_USED_LOCK('quintet-report'), @@max_statement_time, @@sql_mode, @@character_set_client";
        return (await session.read(sql, [], bounds)).rows[0]!;
      });
    const [id, ...before] = await state();
    expect(before.slice(0, 3)).toEqual([null, null, 5]);
    await inReadOnlySession(pool, async (session) => {
      await session.read("SELECT @a := 1, GET_LOCK('quintet-report', 0)", [], bounds);
      const set = "SET SESSION max_statement_time = 0, sql_mode = '', character_set_client = latin1";
      await expect(session.read(set, [], bounds)).rejects.toThrow("is no query");
    });
    const [again, ...after] = await state();
    expect([again, ...after]).toEqual([id, ...before]);
  });
});

describe("a report", () => {
  const huge = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)";

  it("has bounds of rows, bytes and time", async () => {
    await put("rows", { sql: `${huge} SELECT a.i FROM n AS a, n AS b` });
    expect(await run("rows")).toMatchObject({ status: 422, body: { detail: expect.stringContaining("100000 rows") } });
    await put("bytes", { sql: "SELECT RPAD('a', 60000, 'b') AS a FROM hired_employees LIMIT 400" });
    expect(await run("bytes")).toMatchObject({ status: 422, body: { detail: expect.stringContaining("16 MiB") } });
    await put("endless", {
      sql: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT COUNT(*) AS n FROM n`,
    });
    expect((await run("endless")).status).toBeLessThan(504);
    const pool = await ingest.deps.savedReports.reader.user.pool();
    const many = inReadOnlySession(pool, (session) =>
      session.read("SELECT REPEAT('a', 1000000) AS a FROM jobs", [], { rows: 200, bytes: 5_000_000 }),
    );
    await expect(many).rejects.toThrow(ResultTooLarge);
  });

  it("ends with its client", async () => {
    const sql = `${huge} SELECT SUM(SIN(a.i) * b.i + c.i) AS x FROM n AS a, n AS b, n AS c`;
    expect((await put("slow", { sql })).status).toBe(201);
    const running = async () => {
      const found = await ingest.rows(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND command = 'Execute' AND info LIKE '%SUM(SIN(%' AND id <> CONNECTION_ID()",
      );
      return found.length;
    };
    const leaving = new AbortController();
    const headers = { Authorization: ingest.people.plain.bearer };
    const sent = fetch(`${origin}/ingest/reports/slow`, { headers, signal: leaving.signal }).catch(() => "left");
    await expect.poll(running).toBe(1);
    leaving.abort();
    expect(await sent).toBe("left");
    await expect.poll(running, { timeout: 3000, interval: 20 }).toBe(0);
  });
});

describe("the database user of reports", () => {
  const password = "aA1-quintet-test";
  const made: string[] = [];
  afterAll(async () => {
    for (const account of made) await ingest.rows(`DROP USER IF EXISTS ${account}`);
  });

  async function account(name: string, grants: string): Promise<string> {
    const url = new URL(ingest.env.MYSQL_URL!);
    const user = `${name}_${url.pathname.slice(3, 12)}`;
    made.push(`'${user}'@'127.0.0.1'`);
    await ingest.rows(`CREATE USER ${made.at(-1)} IDENTIFIED BY '${password}'`);
    if (grants !== "") await ingest.rows(`GRANT ${grants} TO ${made.at(-1)}`);
    Object.assign(url, { username: user, password });
    return url.href;
  }

  /** What the app says when it has these database users. */
  async function withUsers(appUrl: string, given: string | undefined) {
    await using app = connectMysql(appUrl, { connections: 2 });
    const { readable } = ingest.deps.savedReports.reader;
    const limits = {
      secret: "another secret",
      statementSeconds: 5,
      purpose: "tests",
      name: "tests",
      setting: "REPORTS_MYSQL_URL",
    };
    await using user = new ReadOnlyUser({ ...limits, app, url: appUrl, given, readable, onFault: () => {} });
    const kept = ingest.deps.savedReports.reader.user;
    Object.assign(ingest.deps.savedReports.reader, { user });
    try {
      const demo = await run("hired-by-quarter", "?year=2021");
      const saved = await put("by-user", { sql: "SELECT COUNT(*) AS n FROM departments" });
      return [
        demo.status,
        saved.status,
        saved.status < 300 ? "" : String(((await saved.json()) as { detail: string }).detail),
      ];
    } finally {
      Object.assign(ingest.deps.savedReports.reader, { user: kept });
    }
  }

  it("is made by the app, or given, and has no right but to read the tables", async () => {
    const plainApp = await account("app", "ALL PRIVILEGES ON quintet_nothing.*");
    const database = new URL(ingest.env.MYSQL_URL!).pathname.slice(1);
    await ingest.rows(`GRANT ALL PRIVILEGES ON ${database}.* TO ${made[0]}`);
    const said = await withUsers(plainApp, undefined);
    expect(said).toEqual([200, 503, expect.stringContaining("Set REPORTS_MYSQL_URL to a database user")]);
    expect(await withUsers(plainApp, plainApp)).toEqual([200, 503, expect.stringContaining("may do more than read")]);
    const unknown = new URL(plainApp);
    unknown.username = "nobody";
    expect(await withUsers(plainApp, unknown.href)).toEqual([
      200,
      503,
      expect.stringContaining("does not accept the user"),
    ]);
    unknown.pathname = "/another";
    expect(await withUsers(plainApp, unknown.href)).toEqual([200, 503, expect.stringContaining("same database")]);
    // The app cannot grant, so the administrator has.
    const tables = ["departments", "jobs", "hired_employees", "wide"];
    const reader = await account("reader", `SELECT ON ${database}.departments`);
    expect(await withUsers(plainApp, reader)).toEqual([422, 201, ""]);
    for (const table of tables) await ingest.rows(`GRANT SELECT ON ${database}.${table} TO ${made[1]}`);
    expect(await withUsers(plainApp, reader)).toEqual([200, 200, ""]);
    await ingest.rows(`GRANT SELECT ON ${database}.ingest_loads TO ${made[1]}`);
    expect(await withUsers(plainApp, reader)).toEqual([200, 503, expect.stringContaining("may read more than")]);
    // An app that can takes it away, and makes one of its own.
    expect(await withUsers(ingest.env.MYSQL_URL!, reader)).toEqual([200, 200, ""]);
    // One without any right cannot connect to the database until the app has granted the first.
    const bare = await account("bare", "");
    expect(await withUsers(plainApp, bare)).toEqual([200, 503, expect.stringContaining("does not accept the user")]);
    expect(await withUsers(ingest.env.MYSQL_URL!, bare)).toEqual([200, 200, ""]);
    expect(await withUsers(ingest.env.MYSQL_URL!, undefined)).toEqual([200, 200, ""]);
    await ingest.rows(
      `DROP USER 'quintet_tests_${(await ingest.rows("SELECT LEFT(MD5(DATABASE()), 12) AS s"))[0]?.s}'@'127.0.0.1'`,
    );
  });

  it("is made again when it is gone", async () => {
    const [found] = await ingest.rows(
      "SELECT user AS user FROM mysql.user WHERE user = CONCAT('quintet_reports_', LEFT(MD5(DATABASE()), 12))",
    );
    expect((await run("hired-by-quarter", "?year=2021")).status).toBe(200);
    await ingest.rows(`DROP USER '${found?.user}'@'127.0.0.1'`);
    expect((await put("again", { sql: "SELECT COUNT(*) AS n FROM departments" })).status).toBe(201);
    expect((await run("again")).body).toMatchObject({ rows: [{ n: 12 }] });
  });

  it("keeps the right to a table that another process makes and grants meanwhile", async () => {
    await using app = connectMysql(ingest.env.MYSQL_URL!, { connections: 2 });
    const url = await account("meanwhile", "USAGE ON *.*");
    const database = new URL(url).pathname.slice(1);
    await ingest.rows(`GRANT SELECT ON ${database}.departments TO ${made.at(-1)}`);
    let calls = 0;
    const readable = async () => {
      calls += 1;
      if (calls === 1) {
        await ingest.rows("CREATE TABLE meanwhile (id INT)");
        await ingest.rows(`GRANT SELECT ON ${database}.meanwhile TO ${made.at(-1)}`);
        return ["departments"];
      }
      return ["departments", "meanwhile"];
    };
    const names = { purpose: "meanwhile", name: "meanwhile", setting: "X", secret: "x", onFault: () => {} };
    await using user = new ReadOnlyUser({ ...names, app, url, given: url, statementSeconds: 5, readable });
    const pool = await user.pool();
    expect((await pool.query("SELECT * FROM meanwhile"))[0]).toEqual([]);
    const mode = (session: ReadOnlySession) => session.read("SELECT @@sql_mode", [], { rows: 1, bytes: 1000 });
    expect((await inReadOnlySession(pool, mode)).rows[0]?.[0]).not.toContain("IGNORE_SPACE");
  });
});

// The last test of this file: its tables are gone then.
it("a report that came with the service is refused once its tables are deleted", async () => {
  for (const table of ["hired_employees", "departments", "jobs"]) {
    expect((await ingest.call("DELETE", `/ingest/tables/${table}?rows=delete`)).status).toBe(204);
  }
  for (const report of ["hired-by-quarter", "departments-above-mean"]) {
    const { status, body } = await run(report, "?year=2021");
    expect([report, status, body.detail]).toEqual([report, 422, expect.stringMatching(/Table \w+ not found/)]);
  }
});
