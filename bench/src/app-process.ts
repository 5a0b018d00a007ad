import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StoreName } from "@quintet/stores";
import { freePort } from "@quintet/stores/testing";
import { type MeasuredServer, startServer, waitUntilReady } from "./processes.ts";
import type { OpenStores } from "./stores.ts";

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

/** Opens stores and starts one app on them. Disposing of the app removes everything. */
export async function startApp(
  name: string,
  needs: StoreName[],
  { openStores, env = {} }: { openStores: OpenStores; env?: NodeJS.ProcessEnv },
): Promise<AppUnderTest> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(await openStores(needs));
  const { MYSQL_URL: mysqlUrl = "", POSTGRES_URL: postgresUrl = "", REDIS_URL: redisUrl = "" } = stores.env;
  const port = await freePort();
  const password = randomBytes(12).toString("base64url");
  const { privateKey } = generateKeyPairSync("ed25519");
  const server = stack.use(
    await startServer(process.execPath, [join(root, "apps", name, "src", "main.ts")], {
      port,
      env: {
        ...stores.env,
        PORT: String(port),
        PUBLIC_URL: `http://localhost:${port}`,
        QUINTET_SECRET: randomBytes(32).toString("base64url"),
        AUTH_SIGNING_KEY: privateKey.export({ type: "pkcs8", format: "der" }).toString("base64"),
        ADMIN_USERNAME: "admin",
        ADMIN_PASSWORD: password,
        BACKUP_DIR: join(stores.folder, "backups"),
        LOG_FILE: join(stores.folder, "app.log"),
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
