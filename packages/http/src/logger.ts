import { ecsFormat } from "@elastic/ecs-pino-format";
import { destination, type Logger, pino } from "pino";

export type { Logger };

/** One JSON line per event in the Elastic Common Schema, to standard output or to the file `LOG_FILE` names. */
export function createLogger(options: { service: string; level: string; file?: string | undefined }): Logger {
  const sink = options.file
    ? destination({ dest: options.file, mkdir: true, sync: false, mode: 0o600 })
    : destination(1);
  return pino({ ...ecsFormat({ serviceName: options.service, apmIntegration: false }), level: options.level }, sink);
}
