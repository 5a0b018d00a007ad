import { ecsFormat } from "@elastic/ecs-pino-format";
import { destination, type Logger, pino } from "pino";

export type { Logger };

/**
 * Loggers that share one sink, each for the service that it names: one JSON line per event in the Elastic Common Schema, to
 * standard output or to the file `LOG_FILE` names. Lines are written by 4 KiB, at the latest after a quarter of a
 * second and at the end of the process: one write per line would cost as much as the request that it tells of.
 */
export function loggers(options: { level: string; file?: string | undefined }): (service: string) => Logger {
  const sink = destination({
    ...(options.file ? { dest: options.file, mkdir: true, mode: 0o600 } : { dest: 1 }),
    sync: false,
    minLength: 4096,
    periodicFlush: 250,
  });
  return (service) =>
    pino({ ...ecsFormat({ serviceName: service, apmIntegration: false }), level: options.level }, sink);
}

/** The logger of a process that is one service; see `loggers`. */
export function createLogger(options: { service: string; level: string; file?: string | undefined }): Logger {
  return loggers(options)(options.service);
}
