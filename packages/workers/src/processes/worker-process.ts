import { type ChildProcess, type SendHandle, spawn } from "node:child_process";
import { reportLogFault } from "../logs/log-faults.ts";
import { type FromWorker, type ToWorker, workerVariable } from "../messages.ts";
import type { WorkerReport } from "../program.ts";
import { type SharedSockets, socketName } from "../sockets/shared-sockets.ts";
import { HangDetector, threadState } from "./hang-detector.ts";

/** A worker did not start. */
export class StartFailure extends Error {
  override name = "StartFailure";
  /** Whether its settings are at fault, so that a retry does not help. */
  readonly isSetting: boolean;

  constructor(message: string, isSetting: boolean) {
    super(message);
    this.isSetting = isSetting;
  }
}

/** The parent's view of one worker process. It loads its program at once and starts it when the settings are sent. */
export class WorkerProcess {
  /** Resolves to its URL when it serves; rejects with `StartFailure` when it exits before that. */
  readonly ready: Promise<string>;
  /** Resolves to a description of how it ended, such as `by SIGKILL`. */
  readonly ended: Promise<string>;
  /** Resolves when it has ended and all its messages were handled. */
  readonly closed: Promise<unknown>;
  /** The listening sockets that it uses, by name. */
  readonly sockets = new Set<string>();
  /** Resolves to a description when it must be replaced: it has ended, or ends because of an uncaught error. */
  readonly failed: Promise<string>;
  stopping = false;
  /** Its most recent report; undefined before it has served. */
  lastReport: WorkerReport | undefined;
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<string>();
  readonly #failed = Promise.withResolvers<string>();
  #failure: StartFailure | undefined;
  readonly #hangDetector = new HangDetector();
  #debugged = [...process.execArgv, process.env.NODE_OPTIONS].some((argument) => argument?.includes("--inspect"));
  readonly #reportsRequested = new Map<number, () => void>();
  #reportIds = 0;
  #serves = false;

  /** `collectReports` collects the reports of all workers for one that requests them. */
  constructor(program: string, shared: SharedSockets, collectReports: () => Promise<WorkerReport[]>) {
    this.failed = this.#failed.promise;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Handled where it is awaited.
    this.#child = spawn(process.execPath, [...execArguments(), program], {
      env: { ...process.env, [workerVariable]: "1" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: FromWorker) => this.#onMessage(message, shared, collectReports));
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        resolve(how);
        this.#failed.resolve(how);
        this.#ready.reject(this.#failure ?? new StartFailure(`A worker ended ${how} before it served.`, false));
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ? `by ${signal}` : `with status ${code}`));
    });
    this.closed = Promise.all([this.ended, new Promise<void>((resolve) => this.#child.once("disconnect", resolve))]);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  start(env: NodeJS.ProcessEnv, { first, fresh }: { first: boolean; fresh: boolean }, ticketKeys: string): void {
    const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.#send({ kind: "start", env: Object.fromEntries(set), first, fresh, ticketKeys });
  }

  /** Replaces its keys of TLS session tickets. */
  useTicketKeys(ticketKeys: string): void {
    this.#send({ kind: "ticketKeys", ticketKeys });
  }

  /**
   * Sends a ping, `elapsedMs` after the last one. Returns true when the worker has hung for `limitMs` and must be killed; while it loads
   * and starts, the limit is six times as long.
   */
  ping(elapsedMs: number, limitMs: number): boolean {
    this.#hangDetector.observe(elapsedMs, this.pid === undefined ? undefined : threadState(this.pid));
    this.#send({ kind: "ping" });
    return !this.#debugged && this.#hangDetector.exceeds(this.#serves ? limitMs : 6 * limitMs);
  }

  /** Updates `lastReport`, unless the worker does not serve yet or does not respond within five seconds. */
  async refreshReport(): Promise<void> {
    if (!this.#serves || !this.#child.connected) return;
    const id = this.#reportIds++;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#reportsRequested.delete(id);
        resolve();
      };
      const timer = setTimeout(done, 5000);
      this.#reportsRequested.set(id, done);
      this.#send({ kind: "report", id });
    });
  }

  /** Lets requests in flight finish and kills it after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    if (!this.stopping) this.#child.kill("SIGTERM");
    this.stopping = true;
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #onMessage(message: FromWorker, shared: SharedSockets, collectReports: () => Promise<WorkerReport[]>): void {
    this.#hangDetector.responded();
    if (message.kind === "ready") {
      this.#serves = true;
      this.#ready.resolve(message.url);
    } else if (message.kind === "pong") this.#debugged = message.debugged;
    else if (message.kind === "logFault") reportLogFault(message.line);
    else if (message.kind === "failed") this.#failure = new StartFailure(message.message, message.isSetting);
    else if (message.kind === "fault") this.#failed.resolve("by an uncaught error");
    else if (message.kind === "report") {
      this.lastReport = message.report ?? this.lastReport;
      if (message.id !== undefined) this.#reportsRequested.get(message.id)?.();
    } else if (message.kind === "collect") {
      const { id } = message;
      collectReports().then(
        (reports) => this.#send({ kind: "reports", id, reports }),
        () => this.#send({ kind: "reports", id, reports: [] }),
      );
    } else if (message.kind === "socket") {
      const { id, at } = message;
      this.sockets.add(socketName(at));
      shared.bind(at).then(
        (handle) => this.#send({ kind: "socket", id }, handle as unknown as SendHandle),
        (error: NodeJS.ErrnoException) => this.#send({ kind: "socket", id, code: error.code ?? "EINVAL" }),
      );
    }
  }

  #send(message: ToWorker, handle?: SendHandle): void {
    // Errors are ignored: the end of the worker is reported separately.
    if (this.#child.connected) this.#child.send(message, handle, () => {});
  }
}

/** Node's own arguments for a worker: those of this process without `--import`. */
function execArguments(): string[] {
  return process.execArgv.filter((argument, i, all) => argument !== "--import" && all[i - 1] !== "--import");
}
