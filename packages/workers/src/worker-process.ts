import { type ChildProcess, type SendHandle, spawn } from "node:child_process";
import { reportLogFault } from "./log-faults.ts";
import { type FromWorker, type ToWorker, workerMark } from "./messages.ts";
import type { Given } from "./program.ts";
import { nameOf, type SharedSockets } from "./shared-sockets.ts";
import { Standstill, threadState } from "./standstill.ts";

/** Why a worker did not come up. */
export class StartFailure extends Error {
  override name = "StartFailure";
  /** Whether its settings are at fault, so that trying again would change nothing. */
  readonly isSetting: boolean;

  constructor(message: string, isSetting: boolean) {
    super(message);
    this.isSetting = isSetting;
  }
}

/** One worker process, as its parent sees it. It loads its program at once and starts when it is told its settings. */
export class WorkerProcess {
  /** Resolves to its URL when it serves; rejects with `StartFailure` when it ends before. */
  readonly ready: Promise<string>;
  /** Resolves, in words, with how it ended. */
  readonly ended: Promise<string>;
  /** Resolves when it has ended and all that it said was heard. */
  readonly gone: Promise<unknown>;
  /** The listening sockets that it uses, by name. */
  readonly sockets = new Set<string>();
  /** Resolves, in words, when it needs a successor: it has ended, or an error that nobody caught makes it end. */
  readonly lost: Promise<string>;
  stopping = false;
  /** What it gave when it was asked last, or before it ended; nothing before it served. */
  given: Given | undefined;
  readonly #child: ChildProcess;
  readonly #ready = Promise.withResolvers<string>();
  readonly #lost = Promise.withResolvers<string>();
  #failure: StartFailure | undefined;
  readonly #standstill = new Standstill();
  #debugged = [...process.execArgv, process.env.NODE_OPTIONS].some((argument) => argument?.includes("--inspect"));
  readonly #giving = new Map<number, () => void>();
  #gives = 0;
  #serves = false;

  /** `askAll` collects what the workers of the program give, for one that asks. */
  constructor(program: string, shared: SharedSockets, askAll: () => Promise<Given[]>) {
    this.lost = this.#lost.promise;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {}); // Whoever waits for it is told.
    this.#child = spawn(process.execPath, [...execArguments(), program], {
      env: { ...process.env, [workerMark]: "1" },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: FromWorker) => this.#heard(message, shared, askAll));
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        resolve(how);
        this.#lost.resolve(how);
        this.#ready.reject(this.#failure ?? new StartFailure(`A worker ended ${how} before it served.`, false));
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ? `by ${signal}` : `with status ${code}`));
    });
    this.gone = Promise.all([this.ended, new Promise<void>((resolve) => this.#child.once("disconnect", resolve))]);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  start(env: NodeJS.ProcessEnv, { first, fresh }: { first: boolean; fresh: boolean }, ticketKeys: string): void {
    const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.#send({ kind: "start", env: Object.fromEntries(given), first, fresh, ticketKeys });
  }

  /** Gives it other keys for TLS session tickets. */
  useTicketKeys(ticketKeys: string): void {
    this.#send({ kind: "ticketKeys", ticketKeys });
  }

  /**
   * Asks whether it is in, `elapsedMs` after it was asked last. Answers whether it has stood still for `limitMs` so that it has to be
   * ended; one that still loads and starts has six times as long.
   */
  ping(elapsedMs: number, limitMs: number): boolean {
    this.#standstill.look(elapsedMs, this.pid === undefined ? undefined : threadState(this.pid));
    this.#send({ kind: "ping" });
    return !this.#debugged && this.#standstill.isOver(this.#serves ? limitMs : 6 * limitMs);
  }

  /** Brings `given` up to date, unless it does not serve yet or does not answer within five seconds. */
  async give(): Promise<void> {
    if (!this.#serves || !this.#child.connected) return;
    const id = this.#gives++;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#giving.delete(id);
        resolve();
      };
      const timer = setTimeout(done, 5000);
      this.#giving.set(id, done);
      this.#send({ kind: "give", id });
    });
  }

  /** Lets it finish what is under way; after `graceMs` it is ended. Resolves when it is gone. */
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

  #heard(message: FromWorker, shared: SharedSockets, askAll: () => Promise<Given[]>): void {
    this.#standstill.answered();
    if (message.kind === "ready") {
      this.#serves = true;
      this.#ready.resolve(message.url);
    } else if (message.kind === "pong") this.#debugged = message.debugged;
    else if (message.kind === "logFault") reportLogFault(message.line);
    else if (message.kind === "failed") this.#failure = new StartFailure(message.message, message.isSetting);
    else if (message.kind === "fault") this.#lost.resolve("by an error that nobody caught");
    else if (message.kind === "given") {
      this.given = message.value ?? this.given;
      if (message.id !== undefined) this.#giving.get(message.id)?.();
    } else if (message.kind === "ask") {
      const { id } = message;
      askAll().then(
        (values) => this.#send({ kind: "answers", id, values }),
        () => this.#send({ kind: "answers", id, values: [] }),
      );
    } else if (message.kind === "socket") {
      const { id, at } = message;
      this.sockets.add(nameOf(at));
      shared.bind(at).then(
        (handle) => this.#send({ kind: "socket", id }, handle as unknown as SendHandle),
        (error: NodeJS.ErrnoException) => this.#send({ kind: "socket", id, code: error.code ?? "EINVAL" }),
      );
    }
  }

  #send(message: ToWorker, handle?: SendHandle): void {
    // One that has just gone hears nothing; its end is told by itself.
    if (this.#child.connected) this.#child.send(message, handle, () => {});
  }
}

/** Node's own arguments for a worker: those of this process, but for modules that were loaded before it. */
function execArguments(): string[] {
  return process.execArgv.filter((argument, i, all) => argument !== "--import" && all[i - 1] !== "--import");
}
