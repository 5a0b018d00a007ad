import { appendFileSync } from "node:fs";
import { reportLogFault } from "./log-faults.ts";

/** Writes what the parent has to tell. */
export type EventLog = (level: "info" | "warn" | "error" | "fatal", message: string) => void;

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * The parent's log: one JSON line per event in the Elastic Common Schema, as the workers write theirs, to standard output or to the
 * file that `LOG_FILE` names, from `LOG_LEVEL` on. It loads no library, so that the parent stays small.
 */
export function eventLog(env: NodeJS.ProcessEnv): EventLog {
  const { LOG_FILE: file, LOG_LEVEL: least } = env;
  return (level, message) => {
    if (levels.indexOf(level) < levels.indexOf(least || "info")) return;
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
      // No reason to stop serving.
      reportLogFault(`The log ${file ?? ""} cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  };
}
