import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@quintet/stores/testing";

const program = "redis-server";

/** Whether this machine has a Redis that a test can start, fill and kill. */
export const hasRedis = spawnSync(program, ["--version"]).status === 0;

/** A Redis server for one test, with an append-only file that is synced at each command. */
export interface PrivateRedis extends AsyncDisposable {
  url: string;
  start(): void;
  kill(): Promise<void>;
}

export async function privateRedis(): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), "queue-redis-"));
  const port = await freePort();
  let server: ChildProcess;
  const start = () => {
    const settings = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      folder,
      "--save",
      "",
      "--enable-protected-configs",
      "yes",
    ];
    server = spawn(program, [...settings, "--appendonly", "yes", "--appendfsync", "always"], { stdio: "ignore" });
  };
  const kill = async () => {
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
