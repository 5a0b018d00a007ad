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

function makeSecrets(): KeptSecrets {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    QUINTET_SECRET: randomBytes(32).toString("base64url"),
    AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
    ADMIN_USERNAME: "admin",
    ADMIN_PASSWORD: randomBytes(15).toString("base64url"),
  };
}
