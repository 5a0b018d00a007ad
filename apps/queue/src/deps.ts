import type { Auth } from "@quintet/auth";
import { connectRedis, redisIdempotency } from "@quintet/db";
import { deriveKey, type IdempotencyStore, type Logger } from "@quintet/http";
import { loadCommands } from "./commands/load.ts";
import { moveCommands } from "./commands/move-commands.ts";
import { type QueueCommands, queueCommands } from "./commands/queue-commands.ts";
import { type RegistryCommands, registryCommands } from "./commands/registry-commands.ts";
import { type ServerInfo, serverInfo } from "./commands/server-info.ts";
import { type SimpleCommands, simpleCommands } from "./commands/simple-commands.ts";
import { wakeSignals } from "./commands/wake-signals.ts";
import type { Config } from "./config.ts";
import { watchDepths } from "./depth-metrics.ts";
import { type Moves, moves } from "./moves.ts";
import { type Sweep, sweep } from "./sweep.ts";
import { type WaitingRoom, waitingRoom } from "./waiting-room.ts";

/** What the app works with. */
export interface Deps extends AsyncDisposable {
  auth: Auth;
  log: Logger;
  corsOrigins: string[];
  cursorKey: Buffer;
  idempotency: IdempotencyStore;
  /** The queue of push and pop. */
  simple: SimpleCommands;
  /** The named queues. */
  commands: QueueCommands;
  registry: RegistryCommands;
  moves: Moves;
  room: WaitingRoom;
  sweep: Sweep;
  ping(): Promise<unknown>;
  serverInfo(): Promise<ServerInfo>;
}

/**
 * The connections and what is built on them. Closes what it made and nothing of `shared`. When `stopping` aborts, those who
 * wait for messages are answered, so that nobody who waits holds up the end.
 */
export function createDeps(config: Config, shared: { log: Logger; auth: Auth; stopping?: AbortSignal }): Deps {
  const { log, auth } = shared;
  const prefix = `${config.REDIS_PREFIX}queue:`;
  const redis = connectRedis(config.REDIS_URL, {
    prefix,
    name: "queue",
    enableAutoPipelining: true,
    onError: (error) => log.warn({ err: error }, "Redis connection"),
  });
  const run = loadCommands(redis);
  const commands = queueCommands(redis, run, prefix);
  const registry = registryCommands(redis, run);
  const simple = simpleCommands(redis, run, prefix);
  const movesOfQueues = moves(moveCommands(run, prefix), commands.exists);
  const depths = watchDepths({ commands, registry, moves: movesOfQueues }, simple);
  const room = waitingRoom(wakeSignals(redis, prefix));
  shared.stopping?.addEventListener("abort", room.close, { once: true });
  const sweeping = sweep({ commands, registry, moves: movesOfQueues }, (error) =>
    log.warn({ err: error }, "The sweep of the queues failed"),
  );
  return {
    auth,
    log,
    corsOrigins: config.CORS_ORIGINS,
    cursorKey: deriveKey(config.QUINTET_SECRET, "queue cursor"),
    idempotency: redisIdempotency(redis),
    simple,
    commands,
    registry,
    moves: movesOfQueues,
    room,
    sweep: sweeping,
    ping: () => redis.ping(),
    serverInfo: () => serverInfo(redis),
    async [Symbol.asyncDispose]() {
      depths[Symbol.dispose]();
      await room[Symbol.asyncDispose]();
      await sweeping[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}
