import type { CommonDeps, DepsOf } from "@quintet/host";
import { type DueCommands, dueCommands, markingDue } from "./commands/due-commands.ts";
import { whyBroken } from "./commands/key-kinds.ts";
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
import { namingBroken, reportBroken } from "./queue-faults.ts";
import { restingMoves } from "./resting-moves.ts";
import { type Sweep, sweep } from "./sweep.ts";
import { type WaitingRoom, waitingRoom } from "./waiting-room.ts";

/** What only this app works with. */
interface QueueDeps extends AsyncDisposable {
  /** The queue of push and pop. */
  simple: SimpleCommands;
  /** The named queues. */
  commands: QueueCommands;
  registry: RegistryCommands;
  due: DueCommands;
  moves: Moves;
  room: WaitingRoom;
  sweep: Sweep;
  /** Rejects when queues are known to be broken, and names them. */
  checkQueues(): Promise<void>;
  serverInfo(): Promise<ServerInfo>;
}

/** All that the app works with. */
export type Deps = DepsOf<"redis", QueueDeps>;

/** When `stopping` aborts, requests that wait for messages are answered, so that none of them holds up the end. */
export function createDeps(config: Config, { log, redis, stopping }: CommonDeps<"redis">): QueueDeps {
  const prefix = `${config.REDIS_PREFIX}queue:`;
  const onDueError = (error: unknown) => log.warn({ err: error }, "A queue could not be noted as due");
  const run = namingBroken(markingDue(loadCommands(redis), onDueError), (queue) => whyBroken(redis, queue));
  const commands = queueCommands(redis, run, prefix);
  const registry = registryCommands(redis, run);
  const due = dueCommands(redis, run);
  const simple = simpleCommands(redis, run, prefix, {
    maxLength: config.SIMPLE_QUEUE_MAX_LENGTH,
    maxBytes: config.SIMPLE_QUEUE_MAX_BYTES,
  });
  const movesOfQueues = restingMoves(moves(moveCommands(run, prefix), commands.exists));
  const depths = watchDepths({ commands, registry, moves: movesOfQueues, due }, simple);
  const room = waitingRoom(wakeSignals(redis, prefix));
  stopping.addEventListener("abort", room.close, { once: true });
  const sweeping = sweep({ commands, registry, moves: movesOfQueues, due }, (error) =>
    log.warn({ err: error }, "The sweep of a queue failed"),
  );
  return {
    simple,
    commands,
    registry,
    due,
    moves: movesOfQueues,
    room,
    sweep: sweeping,
    checkQueues: async () => reportBroken(await due.broken()),
    serverInfo: () => serverInfo(redis),
    async [Symbol.asyncDispose]() {
      depths[Symbol.dispose]();
      await room[Symbol.asyncDispose]();
      await sweeping[Symbol.asyncDispose]();
    },
  };
}
