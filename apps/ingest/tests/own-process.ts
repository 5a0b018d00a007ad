import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { newSigningKey } from "@quintet/accounts/testing";
import { testPrefix } from "@quintet/db/testing";
import { bareEnvironment } from "@quintet/http/testing";
import { inject } from "vitest";

/** The Authorization header of the staff account that `ownProcessEnv` has made. */
export const chief = `Basic ${Buffer.from("chief:chief chief").toString("base64")}`;

/** The environment of an ingest process of the test's own, which is its own issuer too, on a database of its own. */
export function ownProcessEnv(databaseUrl: string): Record<string, string> {
  return {
    ...bareEnvironment(),
    MYSQL_URL: databaseUrl,
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: testPrefix(),
    QUINTET_SECRET: "s".repeat(32),
    AUTH_SIGNING_KEY: newSigningKey(),
    ADMIN_USERNAME: "chief",
    ADMIN_PASSWORD: "chief chief",
  };
}

/** Starts the app in a process of its own; `ownProcessEnv` makes the environment. Whoever starts it also ends it. */
export async function startIngest(env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("serve-ingest.ts", import.meta.url))], { env });
  const [port] = await once(child.stdout, "data");
  return { child, url: `http://127.0.0.1:${String(port).trim()}` };
}
