import { currentRequest, observation, type RedisAddress, type Span } from "@quintet/http";
import type { Cluster, Redis as Connection } from "ioredis";
import { endStoreSpan, type StoreAddress } from "../observability/store-span.ts";

type Redis = Connection | Cluster;

interface Command {
  name: string;
  args: unknown[];
  promise: Promise<unknown>;
}

type SendCommand = (command: Command, ...rest: unknown[]) => unknown;
type Sender = { sendCommand: SendCommand };

/**
 * Adds spans to commands. Some are sent later, outside any request, so a span starts when its command is queued. On a
 * cluster it has the address of the node that the command was last sent to. Does nothing while tracing is off.
 */
export function traceRedis<R extends Redis>(redis: R, { nodes: [node], database }: RedisAddress): R {
  if (observation().tracing === undefined) return redis;
  const address = addressOf(node, database);
  const seen = new WeakMap<Command, Span | undefined>();
  const watch = (sender: Sender) => {
    const send = sender.sendCommand.bind(sender);
    sender.sendCommand = (command, ...rest) => {
      if (!seen.has(command)) {
        seen.set(command, spanOf(command, redis, address));
      }
      return send(command, ...rest);
    };
  };
  watch(redis as unknown as Sender);
  if (redis.isCluster) {
    (redis as Cluster).on("+node", (client: Connection) => {
      const sender = client as unknown as Sender;
      const send = sender.sendCommand.bind(client);
      sender.sendCommand = (command, ...rest) => {
        seen.get(command)?.set({ ...addressOf(client.options, 0) });
        return send(command, ...rest);
      };
    });
  }
  const pipeline = redis.pipeline.bind(redis);
  redis.pipeline = (commands) => {
    const made = pipeline();
    watch(made as unknown as Sender);
    if (commands) (made as unknown as { addBatch(commands: unknown[]): void }).addBatch(commands);
    return made;
  };
  return redis;
}

function spanOf(command: Command, redis: Redis, address: StoreAddress): Span | undefined {
  const parent = currentRequest()?.span;
  if (!parent?.recorded) return undefined;
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
  return span;
}

function addressOf(
  node: { host?: string | undefined; port?: number | undefined } | undefined,
  database: number,
): StoreAddress {
  return {
    "server.address": node?.host ?? "localhost",
    "server.port": node?.port ?? 6379,
    "db.namespace": database === 0 ? "" : String(database),
  };
}

/** The name of the script with this digest or text. */
function scriptName(redis: Redis, which: unknown): string | undefined {
  const { scriptsSet } = redis as unknown as { scriptsSet?: Record<string, { sha?: string; lua?: string }> };
  return Object.entries(scriptsSet ?? {}).find(([, { sha, lua }]) => sha === which || lua === which)?.[0];
}
