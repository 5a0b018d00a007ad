import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeFolder } from "./location.ts";
import { withLock } from "./lock.ts";
import { readJson, writePrivate } from "./private-file.ts";

/** What a run of its own needs and nobody has set. */
export type KeptSecrets = {
  QUINTET_SECRET: string;
  AUTH_SIGNING_KEY: string;
  ADMIN_USERNAME: string;
  ADMIN_PASSWORD: string;
};

/**
 * The secrets of a data folder, made at the first start and kept in `<dataDir>/secrets.json`, mode 600.
 * QUINTET_SECRET is 32 random bytes in base64url, AUTH_SIGNING_KEY an Ed25519 key as PKCS #8 DER in base64.
 */
export async function keptSecrets(dataDir: string): Promise<{ firstStart: boolean; env: KeptSecrets }> {
  await makeFolder(dataDir);
  const file = join(dataDir, "secrets.json");
  return withLock(join(dataDir, "secrets.lock"), async () => {
    const kept = await readJson<KeptSecrets>(file);
    if (kept) return { firstStart: false, env: kept };
    const env = makeSecrets();
    await writePrivate(file, `${JSON.stringify(env, null, 2)}\n`);
    return { firstStart: true, env };
  });
}

/** The secrets of which another one can be set, in the place of the one that was made. */
const replaceable = ["QUINTET_SECRET", "AUTH_SIGNING_KEY"] as const;

/**
 * Keeps the secrets that are in use, where they were set and are not the kept ones: one that was rotated out does not come back when a
 * later start sets none. Call it once the settings have proven good. Returns the names of those that it replaced.
 */
export async function keepSecretsInUse(dataDir: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const file = join(dataDir, "secrets.json");
  return withLock(join(dataDir, "secrets.lock"), async () => {
    const kept = await readJson<KeptSecrets>(file);
    if (!kept) return [];
    const replaced = replaceable.filter((name) => env[name] && env[name] !== kept[name]);
    if (replaced.length === 0) return [];
    const used = Object.fromEntries(replaced.map((name) => [name, env[name]]));
    await writePrivate(file, `${JSON.stringify({ ...kept, ...used }, null, 2)}\n`);
    return replaced;
  });
}

function makeSecrets(): KeptSecrets {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    QUINTET_SECRET: randomBytes(32).toString("base64url"),
    AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: randomBytes(15).toString("base64url"),
  };
}
