import { generateKeyPairSync, randomBytes } from "node:crypto";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { freePort, startProcess, type TestProcess } from "@quintet/http/testing";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, inject, test } from "vitest";
import { compareListings, reportFindings } from "../src/adopt.ts";
import { fillTeamTables } from "./many-team-rows.ts";

const admin = { ADMIN_USERNAME: "admin", ADMIN_PASSWORD: randomBytes(12).toString("base64url") };
const program = new URL("../src/main.ts", import.meta.url).pathname;

/** Waits up to an hour, as long as `look` returns nothing. */
async function eventually<T>(look: () => Promise<T | undefined>, everyMs = 250): Promise<T> {
  for (const from = performance.now(); performance.now() - from < 3_600_000; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`Not within an hour: ${look}`);
}

const median = (times: number[], share = 0.5) => times.toSorted((a, b) => a - b)[Math.floor(share * times.length)] ?? 0;

/** The app as a process of its own. */
interface Running {
  process: TestProcess;
  fetch(path: string): Promise<Response>;
  health(): Promise<Health>;
}

interface Health {
  checks: { listings: { details: { built: string; changesWaiting: number; blocksToIndex: number } } };
}

async function startApp(settings: Record<string, string>): Promise<Running> {
  const port = await freePort();
  const process_ = startProcess([process.execPath, program], { ...settings, PORT: `${port}` });
  const origin = `http://127.0.0.1:${port}`;
  const health = async () => (await (await fetch(`${origin}/properties/health`)).json()) as Health;
  await eventually(async () => {
    if (process_.child.exitCode !== null) throw new Error(process_.out() + process_.errors());
    return health().catch(() => undefined);
  }, 50);
  // A token would expire in the meantime.
  const basic = Buffer.from(`${admin.ADMIN_USERNAME}:${admin.ADMIN_PASSWORD}`).toString("base64");
  return {
    process: process_,
    fetch: (path) => fetch(`${origin}/properties${path}`, { headers: { Authorization: `Basic ${basic}` } }),
    health,
  };
}

/** Searches, and the same as conditions and order of `expected`, which is what the plain join of the tables gives. */
const searches: [query: string, where: string, order: string][] = [
  ["sort=id", "TRUE", "id"],
  ["sort=-id", "TRUE", "id DESC"],
  ["sort=price", "TRUE", "price IS NULL, price, id"],
  ["sort=-price", "TRUE", "price IS NULL DESC, price DESC, id DESC"],
  ["sort=year", "TRUE", "year IS NULL, year, id"],
  ["sort=newest", "TRUE", "dated DESC, id DESC"],
  ["city=bogota", "city = 'bogota'", "id"],
  ["city=cali&city=pereira&sort=-price", "city IN ('cali', 'pereira')", "price IS NULL DESC, price DESC, id DESC"],
  ["year=2009&status=vendido", "year = 2009 AND status = 'vendido'", "id"],
  ["status=pre_venta&sort=newest", "status = 'pre_venta'", "dated DESC, id DESC"],
  ["maxPrice=30000000&sort=-id", "price <= 30000000", "id DESC"],
  ["minPrice=4900000000&city=medellin", "price >= 4900000000 AND city = 'medellin'", "id"],
  ["q=helipuerto", "description LIKE '%helipuerto%'", "id"],
  ["q=helipuerto+jard%C3%ADn", "description LIKE '%helipuerto%' AND description LIKE '%jardín%'", "id"],
  ["q=casa&year=1990&sort=price", "description LIKE 'casa%' AND year = 1990", "price IS NULL, price, id"],
  ["q=casa+xyzzy", "FALSE", "id"],
  ["minYear=2015&maxPrice=50000000", "year >= 2015 AND price <= 50000000", "id"],
];

/** The ids and the total of a search by the API; undefined when its index is still being made. */
async function found(app: Running, query: string): Promise<{ ids: number[]; total: number } | undefined> {
  const response = await app.fetch(`?${query}&limit=100&count=exact`);
  if (response.status === 404) return { ids: [], total: 0 };
  const body = (await response.json()) as { properties: { id: number }[]; total: number; detail: string };
  if (response.status === 503) return undefined;
  expect(response.status, `${query}: ${body.detail}`).toBe(200);
  return { ids: body.properties.map(({ id }) => id), total: body.total };
}

/** Writes as another program does until `isOver`; returns how long each write took, in ms. */
async function writeBeside(url: string, count: number, isOver: () => boolean): Promise<number[]> {
  const other = await createConnection({ uri: url, timezone: "Z" });
  const times: number[] = [];
  try {
    for (let i = 1; !isOver(); i++) {
      const id = 1 + ((i * 7919) % count);
      const statements: [string, (string | number)[]][] = [
        ["UPDATE property SET price = ?, city = 'Tunja' WHERE id = ?", [i, id]],
        [
          "INSERT INTO status_history (property_id, status_id, update_date) VALUES (?, ?, UTC_TIMESTAMP())",
          [id, [3, 12, 40, 7][i % 4]!],
        ],
        ["DELETE FROM status_history WHERE property_id = ? ORDER BY id DESC LIMIT 1", [id + 1]],
        ["DELETE FROM property WHERE id = ?", [id + 2]],
        ["INSERT INTO property (city, price, description, year) VALUES ('Leticia', ?, 'Casa nueva', 2024)", [i]],
      ];
      const [text, values] = statements[i % statements.length]!;
      const started = performance.now();
      await other.execute(text, values);
      times.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await other.end();
  }
  return times;
}

/** The listings by the plain join of the team's tables, in a table, so that each search is one scan of it. */
async function makeExpected(sql: Connection): Promise<void> {
  await sql.query("SET SESSION sql_mode = ''"); // The tables have dates that no calendar has.
  await sql.query(`CREATE TABLE expected (id INT PRIMARY KEY, city VARCHAR(255), price DECIMAL(14, 2), description TEXT,
      year INT, status VARCHAR(32), dated DATETIME) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci
    SELECT p.id, p.city, p.price, p.description, p.year, s.name AS status, COALESCE(NULLIF(h.update_date, 0), '1000-01-01') AS dated
    FROM property AS p
    INNER JOIN (
      SELECT h.property_id, h.status_id, h.update_date,
        ROW_NUMBER() OVER (PARTITION BY h.property_id ORDER BY NULLIF(h.update_date, 0) DESC, h.id DESC) AS place
      FROM status_history AS h
    ) AS h ON h.property_id = p.id AND h.place = 1
    INNER JOIN status AS s ON s.id = h.status_id
    WHERE s.name IN ('pre_venta', 'en_venta', 'vendido') AND p.id >= 0`);
}

test.each([30_000, 1_000_000])(
  "the app is started on a team's tables with %i properties",
  async (count) => {
    const report = (text: string) => console.log(`${count} properties: ${text}`);
    await using database = await testMysql(inject("mysqlUrl"));
    const { url } = database;
    await fillTeamTables(url, count);

    const lines: string[] = [];
    const before = await schemaOf(url);
    const checked = performance.now();
    expect(await reportFindings(url, (line) => lines.push(line))).toBe(true);
    report(`adopt --check took ${Math.round(performance.now() - checked)} ms:\n${lines.join("\n")}`);
    expect(await schemaOf(url)).toEqual(before);

    const { privateKey } = generateKeyPairSync("ed25519");
    const settings = {
      ...admin,
      MYSQL_URL: url,
      REDIS_URL: inject("redisUrl"),
      REDIS_PREFIX: testPrefix(),
      QUINTET_SECRET: "a secret for the tests of the listings",
      AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
      PUBLIC_URL: "http://localhost:8081",
      WORKERS: "0",
    };
    const started = performance.now();
    const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const killed = await startApp(settings);
    report(`the app is up after ${seconds()}`);

    // A property is right at once, a search says how far it is.
    const one = await killed.fetch(`/${count - 1}`);
    expect(one.status).toBe(200);
    const early = await killed.fetch("?sort=id");
    expect([early.status, early.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(((await early.json()) as { detail: string }).detail).toMatch(/\d+% so far/);
    const share = async (app: Running) => Number.parseInt((await app.health()).checks.listings.details.built, 10);

    let isOver = false;
    const writing = writeBeside(url, count, () => isOver);
    const atKill = await eventually(async () => {
      const now = await share(killed);
      return now >= 20 ? now : undefined;
    }, 20);
    killed.process.child.kill("SIGKILL");
    expect(await killed.process.ended).toBe("SIGKILL");
    const [app, second] = await Promise.all([startApp(settings), startApp(settings)]);
    if (atKill < 100) expect(await share(app)).toBeGreaterThanOrEqual(Math.min(atKill, 99));
    const alone: number[] = [];
    await eventually(async () => {
      const from = performance.now();
      expect([200, 404]).toContain((await app.fetch(`/${1 + ((alone.length * 31) % count)}`)).status);
      alone.push(performance.now() - from);
      return (await app.fetch("?sort=id")).status === 200 ? true : undefined;
    });
    report(`killed at ${atKill}%; searches are served after ${seconds()}`);
    report(`GET /{id} meanwhile: p50 ${median(alone).toFixed(1)}, p99 ${median(alone, 0.99).toFixed(1)} ms`);
    await eventually(async () => {
      const { changesWaiting, blocksToIndex } = (await second.health()).checks.listings.details;
      return blocksToIndex === 0 && changesWaiting < 100 ? true : undefined;
    });
    report(`words are indexed after ${seconds()}`);
    isOver = true;
    const times = await writing;
    report(
      `${times.length} writes of another program: p50 ${median(times).toFixed(1)}, p99 ${median(times, 0.99).toFixed(1)} ms`,
    );

    const sql = await createConnection({ uri: url, timezone: "Z" });
    try {
      await makeExpected(sql);
      for (const [query, where, order] of searches) {
        const [rows] = await sql.query<RowDataPacket[]>(
          `SELECT id FROM expected WHERE ${where} ORDER BY ${order} LIMIT 100`,
        );
        const [[all]] = await sql.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM expected WHERE ${where}`);
        const wanted = { ids: rows.map(({ id }) => Number(id)), total: Number(all?.n) };
        for (const each of [app, second]) expect([query, await found(each, query)]).toEqual([query, wanted]);
      }
      for (const query of ["by=city,year", "by=year&status=vendido"]) {
        const [rows] = await sql.query<RowDataPacket[]>(medians(query.includes("city"), query.includes("vendido")));
        for (const time of ["first", "next"]) {
          const from = performance.now();
          const response = await app.fetch(`/statistics?${query}`);
          const { statistics } = (await response.json()) as { statistics: { count: number; median: number }[] };
          report(`statistics ${query}, ${time}: ${Math.round(performance.now() - from)} ms`);
          expect(statistics.map(({ count, median }) => [count, median])).toEqual(
            rows.map(({ n, median }) => [Number(n), Number(median)]),
          );
        }
      }
    } finally {
      await sql.end();
    }
    expect(await compareListings(url, false, report)).toBe(0);
  },
  7_200_000,
);

/** Number and median of the prices in `expected`, by year, and by city too. */
function medians(byCity: boolean, onlySold: boolean): string {
  const groups = byCity ? "city, year" : "year";
  return `SELECT COUNT(*) AS n, AVG(CASE WHEN place IN (FLOOR((places + 1) / 2), CEIL((places + 1) / 2)) THEN price END) AS median
    FROM (
      SELECT city, year, price, ROW_NUMBER() OVER (PARTITION BY ${groups} ORDER BY price) AS place,
        COUNT(*) OVER (PARTITION BY ${groups}) AS places
      FROM expected
      WHERE price IS NOT NULL AND year IS NOT NULL ${byCity ? "AND city IS NOT NULL" : ""} ${onlySold ? "AND status = 'vendido'" : ""}
    ) AS n
    GROUP BY ${groups} ORDER BY ${groups}`;
}

/** The team's tables as they are made. */
async function schemaOf(url: string): Promise<unknown> {
  const sql = await createConnection(url);
  try {
    const [rows] = await sql.query(
      `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2`,
    );
    return rows;
  } finally {
    await sql.end();
  }
}
