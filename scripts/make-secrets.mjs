// Writes fresh random secrets for docker compose, one file each, into secrets/: node scripts/make-secrets.mjs
// Only the owner can enter the folder; the files are readable by all, because the user in a container has another id.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../secrets");
const random = (bytes) => randomBytes(bytes).toString("base64url");
const { privateKey } = generateKeyPairSync("ed25519");
const [mysql, reports, sql, postgres, redis, cache] = Array.from({ length: 6 }, () => random(24));
const secrets = {
  quintet_secret: random(32),
  auth_signing_key: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  admin_password: random(15),
  mysql_password: mysql,
  mysql_url: `mysql://quintet:${mysql}@mariadb:3306/quintet`,
  reports_mysql_password: reports,
  reports_mysql_url: `mysql://quintet_reports:${reports}@mariadb:3306/quintet`,
  sql_mysql_password: sql,
  sql_mysql_url: `mysql://quintet_sql:${sql}@mariadb:3306/quintet`,
  postgres_password: postgres,
  postgres_url: `postgres://quintet:${postgres}@postgres:5432/quintet`,
  redis_password: redis,
  redis_url: `redis://default:${redis}@redis:6379`,
  cache_redis_password: cache,
  cache_redis_url: `redis://default:${cache}@cache:6379`,
};
try {
  mkdirSync(folder, { mode: 0o700 });
} catch (error) {
  if (error.code !== "EEXIST") throw error;
  // Secrets that a newer version needs are added.
  for (const name of Object.keys(secrets)) if (existsSync(join(folder, name))) delete secrets[name];
  if (Object.keys(secrets).length === 0) {
    console.error(
      `${folder} already exists, and the stores use its passwords. To start over, remove it and the stores' volumes.`,
    );
    process.exit(1);
  }
}
for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), value, { mode: 0o644 });
console.log(`Wrote the secrets to ${folder}; the admin password is in ${join(folder, "admin_password")}.`);
