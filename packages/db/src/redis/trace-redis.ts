import { currentRequest, observation } from "@quintet/http";
import type { Redis } from "ioredis";
import { endStoreSpan, type StoreAddress } from "../observability/store-span.ts";

interface Command {
  name: string;
  args: unknown[];
  promise: Promise<unknown>;
}

type SendCommand = (command: Command, ...rest: unknown[]) => unknown;
type Sender = { sendCommand: SendCommand };

/**
 * Adds spans to commands. With auto-pipelining they are sent later and together, outside any request, so a span starts
 * when its command is queued. Does nothing while tracing is off.
 */
export function traceRedis(redis: Redis, address: StoreAddress): Redis {
  if (observation().tracing === undefined) return redis;
  const seen = new WeakSet<Command>();
  const watch = (sender: Sender) => {
    const send = sender.sendCommand.bind(sender);
    sender.sendCommand = (command, ...rest) => {
      if (!seen.has(command)) {
        seen.add(command);
        spanOf(command, redis, address);
      }
      return send(command, ...rest);
    };
  };
  watch(redis as unknown as Sender);
  const pipeline = redis.pipeline.bind(redis);
  redis.pipeline = (commands) => {
    const made = pipeline();
    watch(made as unknown as Sender);
    if (commands) (made as unknown as { addBatch(commands: unknown[]): void }).addBatch(commands);
    return made;
  };
  return redis;
}

function spanOf(command: Command, redis: Redis, address: StoreAddress): void {
  const parent = currentRequest()?.span;
  if (!parent?.recorded) return;
  const operation = command.name.toUpperCase();
  const script = operation === "EVALSHA" || operation === "EVAL" ? scriptName(redis, command.args[0]) : undefined;
  const span = parent.child(script ? `${operation} ${script}` : operation, "client", {
    "db.system.name": "redis",
    "db.operation.name": operation,
    ...(script ? { "db.stored_procedure.name": script } : {}),
    // Keys contain names that users chose, so none is recorded.
    "db.query.text": [operation, ...command.args.slice(0, 8).map(() => "?")].join(" "),
    ...address,
  });
  command.promise.then(
    () => endStoreSpan(span),
    (error: unknown) => endStoreSpan(span, error),
  );
}

/** The name of the script with this digest or text. */
function scriptName(redis: Redis, which: unknown): string | undefined {
  const { scriptsSet } = redis as unknown as { scriptsSet?: Record<string, { sha?: string; lua?: string }> };
  return Object.entries(scriptsSet ?? {}).find(([, { sha, lua }]) => sha === which || lua === which)?.[0];
}
