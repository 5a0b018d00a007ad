import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { inject, onTestFinished } from "vitest";
import { openStores, type StoreName, type Stores } from "../src/index.ts";
import { removeData } from "../src/remove-data.ts";

/** A folder for data folders, which is removed when the test ends, however that may be, with the servers below it. */
export async function folderForTest(): Promise<string> {
  const folder = await mkdtemp(join(inject("runDir"), "stores-"));
  onTestFinished(() => removeData(folder));
  await chmod(folder, 0o711);
  return folder;
}

export type OpenOptions = Partial<Omit<Parameters<typeof openStores>[0], "dataDir" | "needs">>;

/** Opens stores until the test ends. */
export async function open(dataDir: string, needs: StoreName[], options: OpenOptions = {}): Promise<Stores> {
  const stores = await openStores({ dataDir, needs, env: {}, progress: () => {}, durable: false, ...options });
  onTestFinished(() => stores.close());
  return stores;
}

/** Opens stores in a process of its own, which is ended with the test. */
export async function openElsewhere(dataDir: string, ...needs: StoreName[]): Promise<[ChildProcess, Stores["env"]]> {
  const program = fileURLToPath(new URL("hold-stores.ts", import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, ...needs], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(createInterface(child.stdout), "line");
  return [child, JSON.parse(line)];
}

export function isListening(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  }).finally(() => socket.destroy());
}
