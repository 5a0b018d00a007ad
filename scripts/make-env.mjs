// Prints a complete .env with fresh random secrets: node scripts/make-env.mjs > .env
import { generateKeyPairSync, randomBytes } from "node:crypto";

const random = (bytes) => randomBytes(bytes).toString("base64url");
const { privateKey } = generateKeyPairSync("ed25519");
const settings = {
  MYSQL_PASSWORD: random(24),
  POSTGRES_PASSWORD: random(24),
  REDIS_PASSWORD: random(24),
  QUINTET_SECRET: random(32),
  AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
  ADMIN_USERNAME: "admin",
  ADMIN_PASSWORD: random(15),
};
for (const [name, value] of Object.entries(settings)) console.log(`${name}=${value}`);
