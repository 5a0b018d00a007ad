// Writes fresh random secrets for docker compose, one file each, into secrets/: node scripts/make-secrets.mjs
// Only the folder's owner gets into it; the files are readable, because a container's user has another number.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../secrets");
const random = (bytes) => randomBytes(bytes).toString("base64url");
const { privateKey } = generateKeyPairSync("ed25519");
const [mysql, postgres, redis, cache] = [random(24), random(24), random(24), random(24)];
const secrets = {
  quintet_secret: random(32),
  auth_signing_key: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  admin_password: random(15),
  mysql_password: mysql,
  mysql_url: `mysql://quintet:${mysql}@mariadb:3306/quintet`,
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
  // What a newer version needs besides is added.
  for (const name of Object.keys(secrets)) if (existsSync(join(folder, name))) delete secrets[name];
  if (Object.keys(secrets).length === 0) {
    console.error(
      `${folder} is there already: the stores know its passwords. Remove it, and their volumes, to begin anew.`,
    );
    process.exit(1);
  }
}
for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), value, { mode: 0o644 });
console.log(`The secrets are in ${folder}; the password of admin is in ${join(folder, "admin_password")}.`);
