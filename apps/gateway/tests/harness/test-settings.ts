import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testMysql, testPostgres, testPrefix } from "@quintet/db/testing";
import { inject } from "vitest";

/** The settings of one installation, with fresh databases, key prefix and folder; disposed, they are gone. */
export interface TestSettings extends AsyncDisposable {
  /** What every process gets. */
  shared: Record<string, string>;
  /** What the issuer needs and nobody else may have. */
  issuer: Record<string, string>;
  admin: { username: string; password: string };
}

/** The prefix in front of every secret of an installation, by which the tests look for it in logs and answers. */
export const secretMark = "Kept-Secret-";

export async function testSettings(): Promise<TestSettings> {
  await using made = new AsyncDisposableStack();
  const mysql = made.use(await testMysql(inject("mysqlUrl")));
  const postgres = made.use(await testPostgres(inject("postgresUrl")));
  const backups = await mkdtemp(join(tmpdir(), "quintet-backups-"));
  made.defer(() => rm(backups, { recursive: true, force: true }));
  const { privateKey } = generateKeyPairSync("ed25519");
  const admin = { username: "admin", password: `${secretMark}${randomBytes(12).toString("base64url")}` };
  const kept = made.move();
  return {
    admin,
    shared: {
      QUINTET_SECRET: `${secretMark}${randomBytes(32).toString("base64url")}`,
      PUBLIC_URL: "http://quintet.test",
      MYSQL_URL: mysql.url,
      POSTGRES_URL: postgres.url,
      REDIS_URL: inject("redisUrl"),
      CACHE_REDIS_URL: inject("cacheRedisUrl"),
      REDIS_PREFIX: testPrefix(),
      BACKUP_DIR: backups,
      DEMO_DATA: "false",
      REGISTRATIONS_PER_ADDRESS: "0",
      DRAIN_SECONDS: "5",
      WORKERS: "0",
    },
    issuer: {
      AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
      ADMIN_USERNAME: admin.username,
      ADMIN_PASSWORD: admin.password,
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
