import { Worker } from "node:worker_threads";
import type { HashTask } from "./hash-task.ts";

/** Threads that hash passwords. Each is started when it is first needed, and none keeps the process from ending. */
export interface HashThreads extends AsyncDisposable {
  /** Whether the password is that of `encoded`, and how many ms of a core it took to find out. */
  verify(encoded: string, password: string): Promise<{ good: boolean; cpuMs: number }>;
  make(make: "argon2" | "pbkdf2", password: string): Promise<string>;
}

/** What a thread answers. */
interface Done {
  result: boolean | string;
  cpuMs: number;
}

/**
 * As many threads as are asked of at once. They are no part of the pool that Node shares between files, names and other
 * cryptography, and run with a lower priority than it. A task whose thread dies is an error; the next one gets a new thread.
 */
export function createHashThreads(): HashThreads {
  const idle: Worker[] = [];
  const all = new Set<Worker>();

  const start = (): Worker => {
    // Nothing of the environment and of Node's flags: it needs neither, and holds secrets of others.
    const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { env: {}, execArgv: [] });
    all.add(worker);
    worker.once("exit", () => {
      all.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
    });
    worker.on("error", () => {}); // Whoever waits for it hears of it below.
    return worker;
  };

  const run = (task: HashTask): Promise<Done> =>
    new Promise((resolve, reject) => {
      const worker = idle.pop() ?? start();
      worker.ref();
      const died = (reason?: unknown) => {
        const cause = reason instanceof Error ? reason : undefined;
        reject(new Error("A thread that hashes passwords has ended.", { cause }));
      };
      worker.once("error", died);
      worker.once("exit", died);
      worker.once("message", (answer: Done | { error: unknown }) => {
        worker.off("error", died);
        worker.off("exit", died);
        worker.unref();
        idle.push(worker);
        if ("result" in answer) resolve(answer);
        else reject(answer.error);
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
