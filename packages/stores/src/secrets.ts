import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { createSharedFolder } from "./location.ts";
import { withLock } from "./lock.ts";
import { readJson, writePrivate } from "./private-file.ts";

/** The generated settings of a data folder. */
export type GeneratedSecrets = {
  QUINTET_SECRET: string;
  AUTH_SIGNING_KEY: string;
  ADMIN_USERNAME: string;
  ADMIN_PASSWORD: string;
};

/**
 * The secrets of a data folder, generated at the first start and stored in `<dataDir>/secrets.json`, mode 600.
 * QUINTET_SECRET is 32 random bytes in base64url, AUTH_SIGNING_KEY an Ed25519 key as PKCS #8 DER in base64.
 */
export async function loadSecrets(dataDir: string): Promise<{ firstStart: boolean; env: GeneratedSecrets }> {
  await createSharedFolder(dataDir);
  const file = join(dataDir, "secrets.json");
  return withLock(join(dataDir, "secrets.lock"), async () => {
    const stored = await readJson<GeneratedSecrets>(file);
    if (stored) return { firstStart: false, env: stored };
    const env = generateSecrets();
    await writePrivate(file, `${JSON.stringify(env, null, 2)}\n`);
    return { firstStart: true, env };
  });
}

/** The secrets that a setting may replace. */
const replaceable = ["QUINTET_SECRET", "AUTH_SIGNING_KEY"] as const;

/**
 * Stores the secrets that are set in `env` if they differ from the stored ones, so that a secret that was rotated out is
 * not used again when a later start sets none. Call it when the settings have been validated. Returns the names of the
 * replaced secrets.
 */
export async function saveSecretsInUse(dataDir: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const file = join(dataDir, "secrets.json");
  return withLock(join(dataDir, "secrets.lock"), async () => {
    const stored = await readJson<GeneratedSecrets>(file);
    if (!stored) return [];
    const replaced = replaceable.filter((name) => env[name] && env[name] !== stored[name]);
    if (replaced.length === 0) return [];
    const used = Object.fromEntries(replaced.map((name) => [name, env[name]]));
    await writePrivate(file, `${JSON.stringify({ ...stored, ...used }, null, 2)}\n`);
    return replaced;
  });
}

function generateSecrets(): GeneratedSecrets {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    QUINTET_SECRET: randomBytes(32).toString("base64url"),
    AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: randomBytes(15).toString("base64url"),
  };
}
