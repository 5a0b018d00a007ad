import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStores, type StoreName } from "@quintet/stores";

/** Stores for one row: the environment variables that name them, and a folder for files. Disposing of them removes both. */
export interface RowStores extends AsyncDisposable {
  env: NodeJS.ProcessEnv;
  folder: string;
}

/** Opens the stores that a row needs. */
export type OpenStores = (needs: StoreName[]) => Promise<RowStores>;

/** New stores, which nothing else uses: `env` names those that are used instead. */
export async function openRowStores(needs: StoreName[], env: NodeJS.ProcessEnv = {}): Promise<RowStores> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "quintet-bench-"));
  chmodSync(folder, 0o711); // The stores' users must be able to enter.
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const opened = stack.use(
    await openStores({ dataDir: folder, needs, env, allRights: true, progress: (line) => console.log(`  ${line}`) }),
  );
  const resources = stack.move();
  return { env: { ...env, ...opened.env }, folder, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
