import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { ConfigError } from "./config-error.ts";
import type { EventLog } from "./event-log.ts";
import { logLimits, putAside } from "./log-file.ts";
import { lowFileLimit } from "./open-files.ts";
import { type Given, longestStop } from "./program.ts";
import { RestartLimit } from "./restart-limit.ts";
import { SharedSockets } from "./shared-sockets.ts";
import { makeTicketKeys } from "./ticket-keys.ts";
import { WorkerProcess } from "./worker-process.ts";

const pingMs = 1000;
/** So long a worker may stand still while it holds its clients. */
const standstillMs = 10_000;
/** So often in a minute, and once more for each worker, one may end by itself. */
const fewestEnds = 5;

export interface WorkersOptions {
  /** The file of the program that calls `runProgram`. */
  program: string;
  /** Finds the settings, at the start and whenever they are to be read again. */
  settings: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>;
  /** Called with settings once a worker serves with them. */
  serving?: (env: NodeJS.ProcessEnv) => void;
  log: EventLog;
}

/** How many workers the settings ask for. Throws `ConfigError` when that is no number. */
export function workersOf(env: NodeJS.ProcessEnv): number {
  const given = env.WORKERS || "1";
  if (given === "auto") return availableParallelism();
  if (/^\d{1,3}$/.test(given)) return Number(given);
  throw new ConfigError("WORKERS: must be a number or auto");
}

/**
 * The workers of a program, seen from their parent: started, started again when they end by themselves, replaced without losing
 * a request, and stopped together. The first is the one that migrates; it serves before the others start.
 */
export class Workers {
  /** Where the program is reached; known once it is started. */
  url = "";
  /** Resolves to an exit status when workers end again and again. */
  readonly failed: Promise<number>;
  readonly #options: WorkersOptions;
  readonly #sockets = new SharedSockets();
  readonly #alive = new Set<WorkerProcess>();
  #limit = new RestartLimit(fewestEnds);
  readonly #failed = Promise.withResolvers<number>();
  #pingedAt = performance.now();
  readonly #pinging = setInterval(() => this.#ping(), pingMs);
  #places: WorkerProcess[] = [];
  /** What the workers that have ended had counted. */
  readonly #gone: Record<string, number> = {};
  #env: NodeJS.ProcessEnv = {};
  readonly #closed = new AbortController();
  readonly #ticketKeys = makeTicketKeys((keys) => {
    for (const worker of this.#alive) worker.useTicketKeys(keys);
  }, this.#closed.signal);
  #replacing: Promise<void> = Promise.resolve();

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.failed = this.#failed.promise;
    this.#pinging.unref();
  }

  /** Resolves when all serve. Rejects with `StartFailure` when the first cannot start. */
  async start(): Promise<void> {
    // The code is loaded while the settings are still being found.
    const first = this.#spawn();
    this.#env = await this.#options.settings();
    const low = lowFileLimit();
    if (low) this.#options.log("warn", low);
    const count = Math.max(1, workersOf(this.#env));
    this.#limit = new RestartLimit(fewestEnds + count);
    const others = Array.from({ length: count - 1 }, () => this.#spawn());
    this.url = await this.#fill(0, { worker: first, fresh: true });
    this.#options.serving?.(this.#env);
    await Promise.all(
      others.map((worker, i) => this.#fill(i + 1, { worker }).catch((error) => this.#lost(i + 1, error))),
    );
  }

  /**
   * Reads the settings again and replaces the workers one by one. When the first with the new settings does not come up, the
   * log says why and everything stays as it was.
   */
  replace(): Promise<void> {
    this.#replacing = this.#replacing
      .then(() => this.#replaceAll())
      .catch((error: unknown) => this.#options.log("error", `The workers could not be replaced. ${error}`));
    return this.#replacing;
  }

  /** Lets all workers finish what is under way, and ends those that take too long. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearInterval(this.#pinging);
    await Promise.all([...this.#alive].map((worker) => worker.stop(longestStop(this.#env))));
    await this.#sockets.keepOnly(new Set());
  }

  /** Ends all workers at once. */
  kill(): void {
    this.#closed.abort();
    for (const worker of this.#alive) worker.kill();
  }

  #spawn(): WorkerProcess {
    const worker: WorkerProcess = new WorkerProcess(this.#options.program, this.#sockets, () => this.#askAll());
    this.#alive.add(worker);
    this.#follow(
      worker.gone.then(() => {
        this.#alive.delete(worker);
        for (const [name, count] of Object.entries(worker.given?.counted ?? {})) {
          this.#gone[name] = (this.#gone[name] ?? 0) + count;
        }
      }),
    );
    if (this.#closed.signal.aborted) worker.kill();
    return worker;
  }

  /** Starts a worker in a place with the present settings; the one that had the place drains. Resolves to its URL. */
  async #fill(place: number, { worker = this.#spawn(), env = this.#env, fresh = false } = {}): Promise<string> {
    worker.start(env, { first: place === 0, fresh }, this.#ticketKeys.now);
    const url = await worker.ready;
    const before = this.#places[place];
    this.#places[place] = worker;
    if (before) this.#follow(before.stop(longestStop(this.#env)));
    this.#follow(
      worker.lost.then(async (how) => {
        if (this.#places[place] === worker && !worker.stopping) await this.#lost(place, how);
      }),
    );
    return url;
  }

  /** Work that nobody waits for. What goes wrong with it is a fault of the parent itself, which can then look after nobody. */
  #follow(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#options.log("fatal", `The workers cannot be looked after: ${error}`);
      this.#failed.resolve(1);
    });
  }

  /** Fills a place again whose worker has ended, or is ending, by itself. */
  async #lost(place: number, how: unknown): Promise<void> {
    const before = this.#places[place];
    for (let reason = how; !this.#closed.signal.aborted; ) {
      const { log } = this.#options;
      const told = reason instanceof Error ? reason.message : `A worker ended ${reason}.`;
      const waitMs = this.#limit.ended(performance.now());
      if (waitMs === undefined) {
        log("fatal", `${told} Workers end again and again: giving up.`);
        this.#failed.resolve(1);
        return;
      }
      log("error", `${told} Another one is started${waitMs > 0 ? ` in ${waitMs} ms` : ""}.`);
      await pause(waitMs, undefined, { signal: this.#closed.signal }).catch(() => {});
      if (this.#closed.signal.aborted || this.#places[place] !== before) return;
      try {
        await this.#fill(place);
        log("info", "A worker was started again and serves.");
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
      count = Math.max(1, workersOf(env));
      this.url = await this.#fill(0, { env, fresh: true });
    } catch (error) {
      if (!this.#closed.signal.aborted) log("error", `The settings stay as they were. ${(error as Error).message}`);
      // What it bound before it failed would go on taking connections, with nobody there to serve them.
      await this.#closeUnusedSockets();
      return;
    }
    this.#env = env;
    this.#options.serving?.(env);
    for (let place = 1; place < count && !this.#closed.signal.aborted; place++) {
      await this.#fill(place).catch((error) => this.#follow(this.#lost(place, error)));
    }
    for (const surplus of this.#places.splice(count)) this.#follow(surplus.stop(longestStop(env)));
    await this.#closeUnusedSockets();
    log("info", `The workers were replaced; ${count} serve with the settings of now.`);
  }

  async #closeUnusedSockets(): Promise<void> {
    await this.#sockets.keepOnly(new Set(this.#places.flatMap((worker) => [...worker.sockets])));
  }

  async #askAll(): Promise<Given[]> {
    await Promise.all([...this.#alive].map((worker) => worker.give()));
    // Those that ended meanwhile are among the gone.
    const values = [...this.#alive].flatMap(({ given }) => given ?? []);
    return [...values, { counted: this.#gone, state: null }];
  }

  /** A worker whose event loop stands still answers nobody. */
  #ping(): void {
    const now = performance.now();
    const elapsedMs = now - this.#pingedAt;
    this.#pingedAt = now;
    if (this.#env.LOG_FILE) putAside(this.#env.LOG_FILE, logLimits(this.#env));
    for (const worker of this.#alive) {
      if (!worker.ping(elapsedMs, standstillMs)) continue;
      this.#options.log("error", `Worker ${worker.pid} has stood still for ${standstillMs / 1000} s and is ended.`);
      worker.kill();
    }
  }
}
