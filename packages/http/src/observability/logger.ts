import { hostname } from "node:os";
import { ecsFormat } from "@elastic/ecs-pino-format";
import { type Logger as PinoLogger, pino } from "pino";
import { currentRequest } from "./current-request.ts";
import { LineSink } from "./line-sink.ts";

/** A pino logger that also takes lines whose own fields are JSON text already, for the line of each request. */
export type Logger = PinoLogger & {
  /** Writes a line of level `info`; `fields` such as `"url":{"path":"/"}` must be JSON, and hold nothing secret. */
  line(fields: string): void;
};

/**
 * Loggers that share one sink, each for the service that it names: one JSON line per event in the Elastic Common Schema, to
 * standard output or to the file `LOG_FILE` names.
 */
export function loggers(options: { level: string; file?: string | undefined }): (service: string) => Logger {
  const sink = new LineSink(options.file);
  return (service) => {
    const format = ecsFormat({ serviceName: service, apmIntegration: false });
    const logger = pino({ ...format, level: options.level, mixin: traceFields }, sink);
    const name = JSON.stringify(service);
    const bindings = `","process.pid":${process.pid},"host.hostname":${JSON.stringify(hostname())},"ecs.version":"8.10.0","service.name":${name},"event.dataset":${name},`;
    const line = (fields: string) => {
      if (logger.isLevelEnabled("info")) {
        sink.write(`{"log.level":"info","@timestamp":"${timestamp()}${bindings}${fields}}\n`);
      }
    };
    return Object.assign(logger, { line });
  };
}

let lastMs = 0;
let lastText = "";

/** The timestamp of a log line, formatted once per millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== lastMs) {
    lastMs = now;
    lastText = new Date(now).toISOString();
  }
  return lastText;
}

/** The trace fields of a log line. */
function traceFields(): object {
  const span = currentRequest()?.span;
  return span ? { trace: { id: span.traceId }, span: { id: span.spanId } } : {};
}

/** The logger of a process that is one service; see `loggers`. */
export function createLogger(options: { service: string; level: string; file?: string | undefined }): Logger {
  return loggers(options)(options.service);
}
