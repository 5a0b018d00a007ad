import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadSecrets, saveSecretsInUse } from "./secrets.ts";

test("generates secrets once, readable by their owner only", async () => {
  const folder = await mkdtemp(join(tmpdir(), "secrets-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const dataDir = join(folder, "data");
  const [one, other] = await Promise.all([loadSecrets(dataDir), loadSecrets(dataDir)]);
  expect([one.firstStart, other.firstStart].sort()).toEqual([false, true]);
  expect(one.env).toEqual(other.env);
  expect(Buffer.from(one.env.QUINTET_SECRET, "base64url")).toHaveLength(32);
  expect(one.env.ADMIN_PASSWORD).toMatch(/^[\w-]{20}$/);
  const der = Buffer.from(one.env.AUTH_SIGNING_KEY, "base64");
  expect(createPrivateKey({ key: der, format: "der", type: "pkcs8" }).asymmetricKeyType).toBe("ed25519");
  expect((await stat(join(dataDir, "secrets.json"))).mode & 0o777).toBe(0o600);
  expect((await stat(dataDir)).mode & 0o066).toBe(0);
});

test("stores the secrets that are set, so that a key that was rotated out is not used again", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "secrets-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const { env: made } = await loadSecrets(dataDir);
  expect(await saveSecretsInUse(dataDir, { ...made, AUTH_SIGNING_KEY: "" })).toEqual([]);
  const used = { AUTH_SIGNING_KEY: "new", ADMIN_PASSWORD: "another", HOST: "0.0.0.0" };
  expect(await saveSecretsInUse(dataDir, used)).toEqual(["AUTH_SIGNING_KEY"]);
  expect(await saveSecretsInUse(dataDir, used)).toEqual([]);
  expect(await loadSecrets(dataDir)).toEqual({ firstStart: false, env: { ...made, AUTH_SIGNING_KEY: "new" } });
  expect((await stat(join(dataDir, "secrets.json"))).mode & 0o777).toBe(0o600);
});
