import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStores, type StoreName } from "@quintet/stores";
import { freePort } from "@quintet/stores/testing";
import { type MeasuredServer, startServer, waitUntilReady } from "./processes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One app in its own process, on its own stores, as in production: logging on, credentials checked. */
export interface AppUnderTest extends AsyncDisposable {
  url: string;
  server: MeasuredServer;
  mysqlUrl: string;
  postgresUrl: string;
  redisUrl: string;
  /** The admin's `Authorization` header. */
  authorization: string;
}

/** Starts new stores and one app on them. Disposing of the app removes everything. */
export async function startApp(name: string, stores: StoreName[], env: NodeJS.ProcessEnv = {}): Promise<AppUnderTest> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "quintet-bench-"));
  chmodSync(folder, 0o711); // The stores' users must be able to enter.
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const opened = stack.use(
    await openStores({ dataDir: folder, needs: stores, env: {}, progress: (line) => console.log(`  ${line}`) }),
  );
  const { MYSQL_URL: mysqlUrl = "", POSTGRES_URL: postgresUrl = "", REDIS_URL: redisUrl = "" } = opened.env;
  const port = await freePort();
  const password = randomBytes(12).toString("base64url");
  const { privateKey } = generateKeyPairSync("ed25519");
  const server = stack.use(
    await startServer(process.execPath, [join(root, "apps", name, "src", "main.ts")], {
      port,
      env: {
        ...opened.env,
        PORT: String(port),
        PUBLIC_URL: `http://localhost:${port}`,
        QUINTET_SECRET: randomBytes(32).toString("base64url"),
        AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        ADMIN_USERNAME: "admin",
        ADMIN_PASSWORD: password,
        BACKUP_DIR: join(folder, "backups"),
        LOG_FILE: join(folder, "app.log"),
        ...env,
      },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(`${url}/${name}/health`);
  const form = new URLSearchParams({ grant_type: "password", username: "admin", password });
  const response = await fetch(`${url}/auth/token`, { method: "POST", body: form });
  const { access_token } = (await response.json()) as { access_token: string };
  const resources = stack.move();
  return {
    url,
    server,
    mysqlUrl,
    postgresUrl,
    redisUrl,
    authorization: `Bearer ${access_token}`,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
