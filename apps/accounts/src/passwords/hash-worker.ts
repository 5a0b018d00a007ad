// A worker thread of `hash-threads.ts`: runs one hash task after the other.
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { doHashTask, type HashTask } from "./hash-task.ts";

// A lower priority than the thread that serves requests. On Linux a priority belongs to a thread; elsewhere it would be that of the
// whole process.
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
