import type { Sweeping } from "@quintet/db";
import type { CommonDeps, DepsOf } from "@quintet/host";
import { deriveKey, type TrustedProxies, trustedProxies } from "@quintet/http";
import { accessKeyCommands } from "./commands/access-key-commands.ts";
import { type Allowances, createAllowances } from "./commands/allowances.ts";
import { diagnoseQueue, withBrokenQueueErrors } from "./commands/broken-queues.ts";
import type { Caller } from "./commands/caller.ts";
import { type DueCommands, dueCommands, withDueMarks } from "./commands/due-commands.ts";
import { type FigureCommands, figureCommands } from "./commands/figure-commands.ts";
import { loadCommands } from "./commands/load.ts";
import { type QueueCommands, queueCommands } from "./commands/queue-commands.ts";
import { type RedriveCommands, redriveCommands } from "./commands/redrive-commands.ts";
import { type RegistryCommands, registryCommands } from "./commands/registry-commands.ts";
import { type ServerInfo, serverInfo } from "./commands/server-info.ts";
import { type SimpleQueues, simpleQueues } from "./commands/simple-commands.ts";
import { type SqsCommands, sqsCommands } from "./commands/sqs-commands.ts";
import { transferCommands } from "./commands/transfer-commands.ts";
import type { Config } from "./config.ts";
import { type Figures, figuresReader } from "./figures/figures.ts";
import { reportMetrics } from "./metrics.ts";
import { createPush, type PushDeps } from "./push.ts";
import { isForbidden, throwIfBroken } from "./queue-errors.ts";
import type { AccountLimits } from "./queues/limits.ts";
import { type AccessKeys, createAccessKeys } from "./sqs/access-keys/access-keys.ts";
import { type RulesOfQueues, rulesOfQueues } from "./sqs/queue-rules.ts";
import { createSweep } from "./sweep.ts";
import { createRedriveRunner, type RedriveRunner } from "./transfers/redrive-runner.ts";
import { createTransfers, type Transfers, withFailureBackoff } from "./transfers/transfers.ts";
import { type WaitingReceivers, waitingReceivers } from "./waiting/waiting-receivers.ts";
import { wakeSignals } from "./waiting/wake-signals.ts";

/** What only this app works with. */
interface QueueDeps extends AsyncDisposable, PushDeps {
  /** The simple queues, behind push and pop. */
  simple: SimpleQueues;
  /** The named queues. */
  commands: QueueCommands;
  registry: RegistryCommands;
  due: DueCommands;
  figures: FigureCommands;
  /** The figures of all queues, as of half a second ago at most. */
  readFigures(): Promise<Figures[]>;
  limits: AccountLimits;
  /** What the queues of each account may hold. */
  allowances: Allowances;
  transfers: Transfers;
  /** Redrives that run as tasks. */
  redriveTasks: RedriveCommands;
  redriveRunner: RedriveRunner;
  waiting: WaitingReceivers;
  sweep: Sweeping;
  /** The keys that sign requests to the SQS protocol. */
  accessKeys: AccessKeys;
  /** What the SQS protocol knows of queues. */
  sqs: { commands: SqsCommands; rules: RulesOfQueues };
  /** Whose X-Forwarded headers are trusted. */
  trustedProxies: TrustedProxies;
  /** Rejects when queues are known to be broken, and names them. */
  checkQueues(): Promise<void>;
  serverInfo(): Promise<ServerInfo>;
}

/** All that the app works with. */
export type Deps = DepsOf<"redis", QueueDeps>;

/** Once `stopping` aborts, waiting receivers get an empty response, so that none of them delays the stop. */
export function createDeps(config: Config, { auth, log, redis, stopping }: CommonDeps<"redis">): QueueDeps {
  const prefix = `${config.REDIS_PREFIX}queue:`;
  const onMarkError = (error: unknown) => log.warn({ err: error }, "Queue could not be marked as due");
  const run = withBrokenQueueErrors(withDueMarks(loadCommands(redis), onMarkError), (queue) =>
    diagnoseQueue(redis, queue),
  );
  const registry = registryCommands(redis, run);
  const ofSqs = sqsCommands(redis, run);
  const limits = {
    maxQueues: config.QUEUE_ACCOUNT_MAX_QUEUES,
    maxMessages: config.QUEUE_ACCOUNT_MAX_MESSAGES,
    maxBytes: config.QUEUE_ACCOUNT_MAX_BYTES,
  };
  const allowances = createAllowances(run, registry, limits);
  const commands = queueCommands(redis, run, prefix, allowances);
  const due = dueCommands(redis, run);
  const figures = figureCommands(redis, run);
  const readFigures = figuresReader(figures);
  const simple = simpleQueues(redis, run, prefix, {
    scope: config.SIMPLE_QUEUE,
    maxLength: config.SIMPLE_QUEUE_MAX_LENGTH,
    maxBytes: config.SIMPLE_QUEUE_MAX_BYTES,
    accountMaxMessages: config.SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES,
    accountMaxBytes: config.SIMPLE_QUEUE_ACCOUNT_MAX_BYTES,
  });
  const maySend = (queue: string, caller: Caller) =>
    commands
      .as(caller)
      .check(queue, "send")
      .catch((error: unknown) => {
        if (isForbidden(error)) return false;
        throw error;
      });
  const transfers = withFailureBackoff(createTransfers(transferCommands(run, prefix, allowances), maySend));
  const redriveTasks = redriveCommands(run, prefix);
  const redriveRunner = createRedriveRunner(redriveTasks, { transfers, maySend }, (error) =>
    log.warn({ err: error }, "Step of a redrive failed"),
  );
  const waiting = waitingReceivers(wakeSignals(redis, prefix));
  stopping.addEventListener("abort", waiting.close, { once: true });
  const sweep = createSweep({ commands, registry, transfers, due, figures, limits, redriveRunner }, (error) =>
    log.warn({ err: error }, "Sweep of a queue failed"),
  );
  const push = createPush(config, { auth, log, redis, stopping, run, commands, transfers, waiting });
  const metrics = reportMetrics(
    { simple: simple.shared, due, figures, readFigures, ...push },
    { maxQueues: config.QUEUE_METRICS_MAX_QUEUES },
  );
  return {
    simple,
    commands,
    registry,
    due,
    figures,
    readFigures,
    limits,
    allowances,
    transfers,
    redriveTasks,
    redriveRunner,
    waiting,
    sweep,
    accessKeys: createAccessKeys(
      accessKeyCommands(redis, run),
      auth,
      deriveKey(config.QUINTET_SECRET, "queue access keys"),
    ),
    sqs: { commands: ofSqs, rules: rulesOfQueues(ofSqs) },
    trustedProxies: trustedProxies(config.TRUSTED_PROXIES),
    ...push,
    checkQueues: async () => throwIfBroken(await due.listBroken()),
    serverInfo: () => serverInfo(redis),
    async [Symbol.asyncDispose]() {
      metrics[Symbol.dispose]();
      await waiting[Symbol.asyncDispose]();
      await push.leader[Symbol.asyncDispose]();
      await sweep[Symbol.asyncDispose]();
      await redriveRunner[Symbol.asyncDispose]();
    },
  };
}
