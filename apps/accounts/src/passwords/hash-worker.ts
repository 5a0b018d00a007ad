// A thread that does one hash task after the other, for `hash-threads.ts`.
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { doHashTask, type HashTask } from "./hash-task.ts";

// Hashing takes what requests leave: the thread that serves them gets a core at once when it has something to do. On Linux a
// priority belongs to a thread; elsewhere it would be the whole process's.
try {
  if (process.platform === "linux") setPriority(0, 5);
} catch {
  // A container may forbid it; hashing then competes with requests.
}

parentPort?.on("message", (task: HashTask) => {
  try {
    const before = process.threadCpuUsage();
    const result = doHashTask(task);
    const { user, system } = process.threadCpuUsage(before);
    parentPort?.postMessage({ result, cpuMs: (user + system) / 1000 });
  } catch (error) {
    parentPort?.postMessage({ error });
  }
});
