import { availableParallelism, freemem, loadavg, totalmem, uptime } from "node:os";

/** What may be told about the machine and this process: no names, no paths. */
export function systemInfo() {
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    uptimeSeconds: Math.round(uptime()),
    processUptimeSeconds: Math.round(process.uptime()),
    node: process.version,
    cpus: availableParallelism(),
    load: loadavg().map(round),
    memory: { totalBytes: totalmem(), freeBytes: freemem(), processBytes: process.memoryUsage.rss() },
  };
}
