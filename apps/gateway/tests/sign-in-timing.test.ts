import { randomBytes, randomInt } from "node:crypto";
import { connectMysql, type MysqlPool } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "./harness/client.ts";
import { type ServerProcess, startServer } from "./harness/server-process.ts";
import { testSettings } from "./harness/test-settings.ts";
import { likelihoods, toldApart } from "./harness/told-apart.ts";

/** Whether the time of a refusal tells that a name exists: asked of a whole gateway, from another process, on an old table. */
const full = process.env.QUINTET_FAULTS === "full";
const accountsOfAKind = 100;
const samples = full ? 10_000 : 240;
/** So few that none waits for another: more would blur the times. */
const clients = 3;

const base64 = (bytes: number) => randomBytes(bytes).toString("base64").replaceAll("=", "");
const argon2 = () => `argon2$argon2id$v=19$m=19456,t=2,p=1$${base64(16)}$${base64(32)}`;
const bcrypt = () => `bcrypt_sha256$$2b$08$${base64(60).replaceAll("+", ".").slice(0, 53)}`;
const pbkdf2 = (count: number) => `pbkdf2_sha256$${count}$${randomBytes(8).toString("hex")}$${base64(32)}=`;

/** The kinds of accounts; nobody knows their passwords. */
const kinds: Record<string, { hash: () => string; isActive?: boolean; byEmail?: boolean }> = {
  argon2: { hash: argon2 },
  email: { hash: argon2, byEmail: true },
  slow: { hash: () => pbkdf2(100_000) },
  cheap: { hash: () => pbkdf2(1000) },
  bcrypt: { hash: bcrypt },
  inactive: { hash: argon2, isActive: false },
  unusable: { hash: () => `!${base64(30)}` },
};

const table = `CREATE TABLE auth_user (
  id integer AUTO_INCREMENT NOT NULL PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime(6) NULL,
  is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL,
  last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL,
  date_joined datetime(6) NOT NULL)`;

async function fill(pool: MysqlPool): Promise<void> {
  await pool.query(table);
  const rows = Object.entries(kinds).flatMap(([kind, { hash, isActive = true }]) =>
    Array.from({ length: accountsOfAKind }, (_, i) => {
      const name = `${kind}${i}`;
      return [hash(), 0, name, "", "", `${name}@example.com`, 0, isActive, new Date()];
    }),
  );
  await pool.query(
    `INSERT INTO auth_user
       (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) VALUES ?`,
    [rows],
  );
}

const opened = new AsyncDisposableStack();
let gateway: ServerProcess;
beforeAll(async () => {
  const settings = opened.use(await testSettings());
  const pool = connectMysql(settings.shared.MYSQL_URL ?? "");
  await fill(pool).finally(() => pool.end());
  gateway = opened.use(await startServer("gateway", { ...settings.shared, ...settings.issuer }));
});
afterAll(() => opened.disposeAsync());

/** How many ms a wrong password takes, by Basic or by the password grant, from an address of its own. */
async function refusal(login: string, basic: boolean): Promise<number> {
  const password = base64(9);
  const address = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
  const client = new Client(gateway.origin, { "X-Forwarded-For": address });
  const credentials = `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
  const form = new URLSearchParams({ grant_type: "password", username: login, password });
  const begun = performance.now();
  const answer = basic
    ? await client.with({ Authorization: credentials }).get("/auth/me")
    : await client.post("/auth/token", form);
  const took = performance.now() - begun;
  expect(answer.status, answer.text).toBe(basic ? 401 : 400);
  return took;
}

/** Takes `count` samples in random order, as many of unknown names as of known ones; keeps them apart by what was asked. */
async function measure(
  count: number,
  known: string[],
): Promise<{ unknown: number[]; known: Record<string, number[]> }> {
  const taken: Record<string, { basic: boolean; took: number }[]> = { unknown: [] };
  for (const kind of known) taken[kind] = [];
  let left = count + 2 * clients; // The first ones open connections.
  const client = async () => {
    while (left-- > 0) {
      const kind = randomInt(2) === 0 ? "unknown" : (known[randomInt(known.length)] ?? "");
      const name = `${kind}${randomInt(accountsOfAKind)}${kinds[kind]?.byEmail ? "@example.com" : ""}`;
      const basic = randomInt(2) === 0;
      const took = await refusal(name, basic);
      if (left < count) taken[kind]?.push({ basic, took });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  // What the two routes differ by is no news: each time is told against the middle one of its route.
  const middle = [false, true].map((basic) => {
    const times = Object.values(taken).flatMap((list) => list.filter((one) => one.basic === basic));
    return times.map(({ took }) => took).sort((a, b) => a - b)[times.length >> 1] ?? 0;
  });
  const against = (list: { basic: boolean; took: number }[] = []) =>
    list.map(({ basic, took }) => took - (middle[Number(basic)] ?? 0));
  return {
    unknown: against(taken.unknown),
    known: Object.fromEntries(known.map((kind) => [kind, against(taken[kind])])),
  };
}

/**
 * The kinds, or "all" of them together, that are told apart from unknown names in each of three measurements, with the likelihoods of the
 * last. What other processes do meanwhile comes in waves, so that samples are not independent; what differs by itself differs each time.
 */
async function toldApartEachTime(count: number, kinds: string[]): Promise<Record<string, object>> {
  let told: Record<string, object> = {};
  for (let time = 1; time <= 3; time++) {
    const { unknown, known } = await measure(count, kinds);
    const compared = Object.entries({ all: Object.values(known).flat(), ...known });
    const apart = compared.filter(([kind, times]) => (time === 1 || kind in told) && toldApart(unknown, times));
    told = Object.fromEntries(apart.map(([kind, times]) => [kind, likelihoods(unknown, times)]));
    if (apart.length === 0) break;
  }
  return told;
}

describe("known and unknown names are told apart by no test", () => {
  test(`of ${samples} samples, whatever the hash`, {
    timeout: full ? 3_600_000 : 120_000,
  }, async () => {
    expect(await toldApartEachTime(samples, Object.keys(kinds))).toEqual({});
  });

  test.runIf(full)(`of ${samples} samples, on the accounts of today`, async () => {
    expect(await toldApartEachTime(samples, ["argon2"])).toEqual({});
  });
});

describe("the tests tell apart what differs", () => {
  const normal = (count: number, middle: number, spread = 1) =>
    Array.from({ length: count }, (_, i) => {
      // Box and Muller's, over points that fill the square evenly.
      const [u, v] = [((i + 0.5) * 0.7548776662) % 1, ((i + 0.5) * 0.569840291) % 1];
      return middle + spread * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    });
  test("a tenth of the spread in 10,000, another shape, a rare delay", () => {
    expect(toldApart(normal(5000, 0), normal(5000, 0))).toBe(false);
    expect(toldApart(normal(5000, 0), normal(5000, 0.11))).toBe(true);
    expect(toldApart(normal(5000, 0), normal(5000, 0, 1.3))).toBe(true);
    expect(toldApart(normal(5000, 0), [...normal(4600, 0), ...normal(400, 9)])).toBe(true);
    expect(toldApart(normal(200, 0), normal(200, 1))).toBe(true);
  });
});
