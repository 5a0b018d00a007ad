import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@quintet/http";
import type { RowDataPacket } from "mysql2/promise";
import { expect, onTestFinished, test } from "vitest";
import { createLocalAuth, type LocalAuth } from "../src/local-auth.ts";
import { migrateAccounts } from "../src/migrate.ts";
import type { AuditRetention } from "../src/sweep/expired-audit.ts";
import { type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

const day = 24 * 3600_000;

async function fresh(): Promise<IssuerForTests> {
  const issuer = await issuerForTests();
  onTestFinished(() => issuer[Symbol.asyncDispose]());
  await issuer.register("ana");
  return issuer;
}

/** Another process of the same issuer. */
function another({ mysqlUrl, key, secret, clock }: IssuerForTests, audit?: AuditRetention): LocalAuth {
  const log = createLogger({ service: "auth", level: "silent" });
  const own = { mysqlUrl, key, secret, issuer: publicUrl, log, now: () => clock.now };
  const auth = createLocalAuth(audit ? { ...own, audit } : own);
  onTestFinished(() => auth[Symbol.asyncDispose]());
  return auth;
}

const signIn = async (auth: LocalAuth) => (await auth.passwordGrant("ana", password))?.refresh_token ?? "";
const count = async ({ pool }: IssuerForTests, what: string) => {
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${what}`);
  return Number(rows[0]?.count);
};

const tables = ["auth_refresh_token", "auth_refresh_family", "auth_code", "auth_reset"];
/** Makes what is in a table so many days older. */
const age = ({ pool }: IssuerForTests, table: string, column: string, days: number) =>
  pool.query(`UPDATE ${table} SET ${column} = ${column} - INTERVAL ${days} DAY`);

/** A sign-in of `ana` that goes on, with so many tokens that were used at `usedAt`. */
async function spend(issuer: IssuerForTests, tokens: number, usedAt: Date, expiresAt: Date): Promise<void> {
  const id = randomUUID();
  await issuer.pool.query(
    `INSERT INTO auth_refresh_family (id, account_id, client_id, scope, created_at, expires_at)
     SELECT ?, id, 'quintet', 'all', ?, ? FROM auth_user LIMIT 1`,
    [id, usedAt, expiresAt],
  );
  const rows = Array.from({ length: tokens }, (_, i) => [
    createHash("sha256").update(`${id} ${i}`).digest(),
    id,
    usedAt,
    usedAt,
  ]);
  await issuer.pool.query("INSERT INTO auth_refresh_token (token_hash, family_id, created_at, used_at) VALUES ?", [
    rows,
  ]);
}

test("what is over is removed a while later; what goes on, and what is from the future, stays and stops nothing", async () => {
  const issuer = await fresh();
  const { auth, clock, pool } = issuer;
  const old = await signIn(auth);
  const next = (await auth.refreshGrant(old))?.refresh_token ?? "";
  await pool.query(
    `INSERT INTO auth_code (code_hash, client_id, account_id, epoch, redirect_uri, challenge, scope, expires_at)
     VALUES (REPEAT('a', 32), 'x', 1, 0, 'x', 'x', 'all', ?), (REPEAT('b', 32), 'x', 1, 0, 'x', 'x', 'all', ?)`,
    [new Date(clock.now), new Date(clock.now + 900 * day)],
  );
  await pool.query(
    "INSERT INTO auth_reset (token_hash, account_id, state, expires_at) VALUES (REPEAT('a', 32), 1, REPEAT('a', 32), ?)",
    [new Date(clock.now)],
  );
  await spend(issuer, 3, new Date(clock.now + 900 * day), new Date(clock.now + 900 * day));

  // A process whose clock is a year ahead for a while removes nothing.
  clock.now += 365 * day;
  await auth.sweeper.sweep();
  clock.now -= 365 * day;
  expect(await Promise.all(tables.map((table) => count(issuer, table)))).toEqual([2 + 3, 2, 2, 1]);
  expect((await auth.refreshGrant(next))?.refresh_token).toBeDefined();

  await age(issuer, "auth_refresh_token", "used_at", 31);
  for (const table of ["auth_code", "auth_reset"]) await age(issuer, table, "expires_at", 1);
  await auth.sweeper.sweep();
  expect(await Promise.all(tables.map((table) => count(issuer, table)))).toEqual([3 + 3, 2, 2, 1]);

  await age(issuer, "auth_refresh_token", "used_at", 2);
  for (const table of ["auth_code", "auth_reset"]) await age(issuer, table, "expires_at", 2);
  await auth.sweeper.sweep();
  expect(await Promise.all(tables.map((table) => count(issuer, table)))).toEqual([1 + 3, 2, 1, 0]);

  await age(issuer, "auth_refresh_family", "expires_at", 33);
  await auth.sweeper.sweep();
  expect([await count(issuer, "auth_refresh_token"), await count(issuer, "auth_refresh_family")]).toEqual([3, 1]);
});

test("an ended sign-in goes with all of its tokens", async () => {
  const issuer = await fresh();
  const token = await signIn(issuer.auth);
  await issuer.auth.revoke(token);
  await issuer.auth.sweeper.sweep();
  expect(await count(issuer, "auth_refresh_family")).toBe(1);
  await age(issuer, "auth_refresh_family", "revoked_at", 3);
  await issuer.auth.sweeper.sweep();
  expect([await count(issuer, "auth_refresh_token"), await count(issuer, "auth_refresh_family")]).toEqual([0, 0]);
});

test("very many spent tokens: people sign in meanwhile, and one process removes them", async () => {
  const issuer = await fresh();
  const { auth, clock } = issuer;
  const tokens = 10_000;
  const ended = new Date(clock.now - 3 * day);
  await spend(issuer, tokens, ended, ended);
  await spend(issuer, tokens, new Date(clock.now - 33 * day), new Date(clock.now + day));
  let over = false;
  const sweeping = auth.sweeper.sweep().finally(() => {
    over = true;
  });
  await expect.poll(() => count(issuer, "auth_refresh_token")).toBeLessThan(2 * tokens);
  const other = another(issuer);
  await other.sweeper.sweep(); // Finds the other at work, and leaves it to that.
  expect(over).toBe(false);
  expect(await signIn(auth)).not.toBe("");
  expect(over).toBe(false);
  await sweeping;
  expect([await count(issuer, "auth_refresh_token"), await count(issuer, "auth_refresh_family")]).toEqual([1, 2]);
});

test("lines of the audit log are kept for AUDIT_DAYS, written to a folder before they are removed, and never younger ones", async () => {
  const issuer = await fresh();
  const { mysqlUrl, pool } = issuer;
  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const archive = join(folder, "archive");
  const eventId = randomUUID();
  await pool.query(
    `INSERT INTO auth_audit (at, actor_id, account_id, action, subject, event_id, method, route, path) VALUES
       (UTC_TIMESTAMP(3) - INTERVAL 40 DAY, 1, NULL, 'staff-action', NULL, ?, 'POST', '/ñ', '/ñ\n'),
       (UTC_TIMESTAMP(3) - INTERVAL 32 DAY, NULL, 1, 'signed-in', 'x', NULL, NULL, NULL, NULL),
       (UTC_TIMESTAMP(3) - INTERVAL 29 DAY, NULL, 1, 'signed-in', 'y', NULL, NULL, NULL, NULL),
       (UTC_TIMESTAMP(3) + INTERVAL 900 DAY, NULL, 1, 'signed-in', 'z', NULL, NULL, NULL, NULL)`,
    [eventId],
  );
  await pool.query("INSERT INTO auth_audit_outcome VALUES (?, UTC_TIMESTAMP(3) - INTERVAL 40 DAY, 204)", [eventId]);
  const lines = () => count(issuer, "auth_audit");
  const remove = (where: string) => pool.query(`DELETE FROM auth_audit WHERE ${where}`);

  // Kept for ever: nothing is removed, by anybody.
  await another(issuer).sweeper.sweep();
  expect(await lines()).toBe(5);
  await expect(remove("subject = 'x'")).rejects.toThrow("append-only");

  await migrateAccounts(mysqlUrl, undefined, 30);
  await expect(remove("subject = 'y'")).rejects.toThrow("append-only");
  await expect(pool.query("UPDATE auth_audit SET subject = 'w'")).rejects.toThrow("append-only");
  await another(issuer, { days: 30, folder: archive }).sweeper.sweep();
  expect(await lines()).toBe(4);
  expect(await count(issuer, "auth_audit_outcome")).toBe(0);
  const [told] = await pool.query<RowDataPacket[]>(
    "SELECT subject FROM auth_audit WHERE action = 'audit-lines-expired'",
  );
  expect(told.map((row) => row.subject)).toEqual([expect.stringMatching(/^2 lines, \S+Z to \S+Z$/)]);
  const [file = "", ...more] = await readdir(archive);
  expect([more, (await stat(join(archive, file))).mode & 0o777]).toEqual([[], 0o600]);
  const kept = (await readFile(join(archive, file), "utf8")).trimEnd().split("\n");
  expect(kept.map((line) => JSON.parse(line))).toMatchObject([
    { actorId: 1, action: "staff-action", method: "POST", route: "/ñ", path: "/ñ\n", status: 204 },
    { accountId: 1, action: "signed-in", subject: "x", status: null },
  ]);

  // What cannot be written is not removed.
  await pool.query("INSERT INTO auth_audit (at, action) VALUES (UTC_TIMESTAMP(3) - INTERVAL 50 DAY, 'signed-in')");
  await another(issuer, { days: 30, folder: join(archive, file) }).sweeper.sweep();
  expect(await lines()).toBe(5);
  await migrateAccounts(mysqlUrl);
  await expect(remove("at < UTC_TIMESTAMP(3) - INTERVAL 49 DAY")).rejects.toThrow("append-only");
});
