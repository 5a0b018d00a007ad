import { appendFileSync } from "node:fs";
import { reportLogFault } from "./log-faults.ts";

/** Writes one event to the parent's log. */
export type EventLog = (level: "info" | "warn" | "error" | "fatal", message: string) => void;

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * The parent's log: one JSON line per event in the Elastic Common Schema, as in the workers' logs, written to standard output or to
 * `LOG_FILE`, from `LOG_LEVEL` up. It loads no library, so that the parent stays small.
 */
export function eventLog(env: NodeJS.ProcessEnv): EventLog {
  const { LOG_FILE: file, LOG_LEVEL: minLevel } = env;
  return (level, message) => {
    if (levels.indexOf(level) < levels.indexOf(minLevel || "info")) return;
    const line = `${JSON.stringify({
      "log.level": level,
      "@timestamp": new Date().toISOString(),
      "process.pid": process.pid,
      "ecs.version": "8.10.0",
      "service.name": "workers",
      "event.dataset": "workers",
      message,
    })}\n`;
    try {
      if (file) appendFileSync(file, line, { mode: 0o600 });
      else process.stdout.write(line);
    } catch (error) {
      // The program keeps serving without a log.
      reportLogFault(`The log ${file ?? ""} cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  };
}
