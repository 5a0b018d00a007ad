import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { EventLog } from "../logs/event-log.ts";
import { logLimits, rotateLog } from "../logs/log-file.ts";
import { stopTimeoutMs, type WorkerReport } from "../program.ts";
import { ConfigError } from "../settings/config-error.ts";
import { lowFileLimitWarning } from "../sockets/open-files.ts";
import { SharedSockets } from "../sockets/shared-sockets.ts";
import { rotateTicketKeys } from "../sockets/ticket-keys.ts";
import { RestartLimit } from "./restart-limit.ts";
import { WorkerProcess } from "./worker-process.ts";

const pingMs = 1000;
/** How long a worker may hang before it is killed. */
const hangTimeoutMs = 10_000;
/** How many workers may exit by themselves within a minute, plus one for each worker. */
const baseRestarts = 5;

export interface WorkersOptions {
  /** The path of the program that calls `runProgram`. */
  program: string;
  /** Reads the settings: at the start and at each reload. */
  settings: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>;
  /** Called with the settings once a worker serves with them. */
  serving?: (env: NodeJS.ProcessEnv) => void;
  log: EventLog;
}

/** The number of workers in the settings. Throws `ConfigError` when it is not a number. */
export function workerCount(env: NodeJS.ProcessEnv): number {
  const setting = env.WORKERS || "1";
  if (setting === "auto") return availableParallelism();
  if (/^\d{1,3}$/.test(setting)) return Number(setting);
  throw new ConfigError("WORKERS: must be a number or auto");
}

/**
 * The parent's view of a program's workers: starts them, restarts those that exit by themselves, replaces them without losing a request, and
 * stops them together. The first worker migrates the stores and serves before the others start.
 */
export class Workers {
  /** The program's URL; known once it has started. */
  url = "";
  /** Resolves to an exit code when workers keep exiting. */
  readonly failed: Promise<number>;
  readonly #options: WorkersOptions;
  readonly #sockets = new SharedSockets();
  readonly #alive = new Set<WorkerProcess>();
  #limit = new RestartLimit(baseRestarts);
  readonly #failed = Promise.withResolvers<number>();
  #pingedAt = performance.now();
  readonly #pinging = setInterval(() => this.#ping(), pingMs);
  #slots: WorkerProcess[] = [];
  /** The sums of the counters of ended workers. */
  readonly #endedCounters: Record<string, number> = {};
  #env: NodeJS.ProcessEnv = {};
  readonly #closed = new AbortController();
  readonly #ticketKeys = rotateTicketKeys((keys) => {
    for (const worker of this.#alive) worker.useTicketKeys(keys);
  }, this.#closed.signal);
  #replacing: Promise<void> = Promise.resolve();

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.failed = this.#failed.promise;
    this.#pinging.unref();
  }

  /** Resolves when all workers serve. Rejects with `StartFailure` when the first cannot start. */
  async start(): Promise<void> {
    // The worker loads its code while the settings are being read.
    const first = this.#spawn();
    this.#env = await this.#options.settings();
    const warning = lowFileLimitWarning();
    if (warning) this.#options.log("warn", warning);
    const count = Math.max(1, workerCount(this.#env));
    this.#limit = new RestartLimit(baseRestarts + count);
    const others = Array.from({ length: count - 1 }, () => this.#spawn());
    this.url = await this.#fill(0, { worker: first, fresh: true });
    this.#options.serving?.(this.#env);
    await Promise.all(
      others.map((worker, i) => this.#fill(i + 1, { worker }).catch((error) => this.#replaceFailed(i + 1, error))),
    );
  }

  /**
   * Reads the settings again and replaces the workers one by one. When the first worker with the new settings does not start, the log
   * says why and nothing changes.
   */
  replace(): Promise<void> {
    this.#replacing = this.#replacing
      .then(() => this.#replaceAll())
      .catch((error: unknown) => this.#options.log("error", `The workers could not be replaced: ${error}`));
    return this.#replacing;
  }

  /** Lets all workers finish their requests in flight, and kills those that take too long. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearInterval(this.#pinging);
    await Promise.all([...this.#alive].map((worker) => worker.stop(stopTimeoutMs(this.#env))));
    await this.#sockets.keepOnly(new Set());
  }

  /** Kills all workers at once. */
  kill(): void {
    this.#closed.abort();
    for (const worker of this.#alive) worker.kill();
  }

  #spawn(): WorkerProcess {
    const worker: WorkerProcess = new WorkerProcess(this.#options.program, this.#sockets, () => this.#collectReports());
    this.#alive.add(worker);
    this.#watch(
      worker.closed.then(() => {
        this.#alive.delete(worker);
        for (const [name, count] of Object.entries(worker.lastReport?.counters ?? {})) {
          this.#endedCounters[name] = (this.#endedCounters[name] ?? 0) + count;
        }
      }),
    );
    if (this.#closed.signal.aborted) worker.kill();
    return worker;
  }

  /** Starts a worker in a slot; the worker that had the slot drains. Resolves to its URL. */
  async #fill(slot: number, { worker = this.#spawn(), env = this.#env, fresh = false } = {}): Promise<string> {
    worker.start(env, { first: slot === 0, fresh }, this.#ticketKeys.current);
    const url = await worker.ready;
    const before = this.#slots[slot];
    this.#slots[slot] = worker;
    if (before) this.#watch(before.stop(stopTimeoutMs(this.#env)));
    this.#watch(
      worker.failed.then(async (how) => {
        if (this.#slots[slot] === worker && !worker.stopping) await this.#replaceFailed(slot, how);
      }),
    );
    return url;
  }

  /** Runs work that is not awaited. An error in it is a bug of the parent, which then cannot supervise its workers any longer. */
  #watch(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#options.log("fatal", `The workers can no longer be supervised: ${error}`);
      this.#failed.resolve(1);
    });
  }

  /** Starts a new worker in a slot whose worker has ended, or is ending, by itself. */
  async #replaceFailed(slot: number, how: unknown): Promise<void> {
    const before = this.#slots[slot];
    for (let reason = how; !this.#closed.signal.aborted; ) {
      const { log } = this.#options;
      const message = reason instanceof Error ? reason.message : `A worker ended ${reason}.`;
      const waitMs = this.#limit.recordExit(performance.now());
      if (waitMs === undefined) {
        log("fatal", `${message} Workers keep exiting; giving up.`);
        this.#failed.resolve(1);
        return;
      }
      log("error", `${message} Starting another one${waitMs > 0 ? ` in ${waitMs} ms` : ""}.`);
      await pause(waitMs, undefined, { signal: this.#closed.signal }).catch(() => {});
      if (this.#closed.signal.aborted || this.#slots[slot] !== before) return;
      try {
        await this.#fill(slot);
        log("info", "A worker was restarted and serves.");
        return;
      } catch (error) {
        reason = error;
      }
    }
  }

  async #replaceAll(): Promise<void> {
    const { log, settings } = this.#options;
    if (this.#closed.signal.aborted) return;
    let env: NodeJS.ProcessEnv;
    let count: number;
    try {
      env = await settings();
      count = Math.max(1, workerCount(env));
      this.url = await this.#fill(0, { env, fresh: true });
    } catch (error) {
      if (!this.#closed.signal.aborted) log("error", `The settings were not changed. ${(error as Error).message}`);
      // A socket that the failed worker bound would otherwise keep taking connections that nothing serves.
      await this.#closeUnusedSockets();
      return;
    }
    this.#env = env;
    this.#options.serving?.(env);
    for (let slot = 1; slot < count && !this.#closed.signal.aborted; slot++) {
      await this.#fill(slot).catch((error) => this.#watch(this.#replaceFailed(slot, error)));
    }
    for (const surplus of this.#slots.splice(count)) this.#watch(surplus.stop(stopTimeoutMs(env)));
    await this.#closeUnusedSockets();
    log("info", `The workers were replaced; ${count} serve with the current settings.`);
  }

  async #closeUnusedSockets(): Promise<void> {
    await this.#sockets.keepOnly(new Set(this.#slots.flatMap((worker) => [...worker.sockets])));
  }

  async #collectReports(): Promise<WorkerReport[]> {
    await Promise.all([...this.#alive].map((worker) => worker.refreshReport()));
    // Workers that have ended meanwhile are part of `endedCounters`.
    const reports = [...this.#alive].flatMap(({ lastReport }) => lastReport ?? []);
    return [...reports, { counters: this.#endedCounters, state: null }];
  }

  /** Kills workers whose event loop hangs. */
  #ping(): void {
    const now = performance.now();
    const elapsedMs = now - this.#pingedAt;
    this.#pingedAt = now;
    if (this.#env.LOG_FILE) rotateLog(this.#env.LOG_FILE, logLimits(this.#env));
    for (const worker of this.#alive) {
      if (!worker.ping(elapsedMs, hangTimeoutMs)) continue;
      this.#options.log("error", `Worker ${worker.pid} has not responded for ${hangTimeoutMs / 1000} s and is killed.`);
      worker.kill();
    }
  }
}
