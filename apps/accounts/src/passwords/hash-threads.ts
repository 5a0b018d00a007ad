import { Worker } from "node:worker_threads";
import type { HashTask } from "./hash-task.ts";

/** Threads that hash passwords. They start when first needed and do not keep the process alive. */
export interface HashThreads extends AsyncDisposable {
  /** Whether the password matches `encoded`, and the CPU time of the check in ms. */
  verify(encoded: string, password: string): Promise<{ good: boolean; cpuMs: number }>;
  make(make: "argon2" | "pbkdf2", password: string): Promise<string>;
}

/** The result of a thread. */
interface Done {
  result: boolean | string;
  cpuMs: number;
}

/**
 * As many threads as there are concurrent tasks. They are apart from the pool that Node uses for files, names and other cryptography,
 * and have a lower priority. A task whose thread dies is rejected; the next one gets a new thread.
 */
export function createHashThreads(): HashThreads {
  const idle: Worker[] = [];
  const all = new Set<Worker>();

  const start = (): Worker => {
    // Without the environment and Node's flags: a thread needs neither, and the environment contains secrets.
    const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { env: {}, execArgv: [] });
    all.add(worker);
    worker.once("exit", () => {
      all.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    });
    worker.on("error", () => {}); // The task of the thread is rejected below.
    return worker;
  };

  const run = (task: HashTask): Promise<Done> =>
    new Promise((resolve, reject) => {
      const worker = idle.pop() ?? start();
      worker.ref();
      const died = (reason?: unknown) => {
        const cause = reason instanceof Error ? reason : undefined;
        reject(new Error("A password hash thread ended.", { cause }));
      };
      worker.once("error", died);
      worker.once("exit", died);
      worker.once("message", (outcome: Done | { error: unknown }) => {
        worker.off("error", died);
        worker.off("exit", died);
        worker.unref();
        idle.push(worker);
        if ("result" in outcome) resolve(outcome);
        else reject(outcome.error);
      });
      worker.postMessage(task);
    });

  return {
    async verify(encoded, password) {
      const { result, cpuMs } = await run({ encoded, password });
      return { good: result === true, cpuMs };
    },
    make: async (make, password) => String((await run({ make, password })).result),
    async [Symbol.asyncDispose]() {
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}
