import type { Cluster, Redis as Connection } from "ioredis";
import { OutcomeUnknown } from "./send-once.ts";

/** On how many replicas a write must be before it counts as done, and for how many ms that is waited for. */
export interface ReplicationGoal {
  replicas: number;
  waitMs: number;
}

/** The error of a write that was done and not confirmed by enough replicas in time: a fail-over may lose it. */
export class NotReplicated extends Error {
  override name = "NotReplicated";
  readonly code = "NOT_REPLICATED";

  constructor(confirmed: number, { replicas, waitMs }: ReplicationGoal) {
    super(`The write was confirmed by ${confirmed} of ${replicas} replicas within ${waitMs} ms.`);
  }
}

interface Command {
  args: unknown[];
  resolve(value: unknown): unknown;
  reject(error: Error): void;
}

interface Socket {
  writable: boolean;
  writableEnded: boolean;
}

/** The parts of the driver's client of one server that this module uses. */
interface Driver {
  status: string;
  stream?: Socket;
  sendCommand(command: Command, stream?: object): unknown;
  wait(replicas: number, ms: number): Promise<number>;
}

/** A write whose reply has arrived on `socket`. */
interface Write {
  socket: Socket | undefined;
  done(): void;
  failed(error: Error): void;
}

/** How the driver itself resolves a command that is sent again, after it was redirected. */
const resolves = new WeakMap<Command, Command["resolve"]>();

const replicatedScripts = new WeakMap<object, Set<unknown>>();

/**
 * Makes the scripts that `replicateScript` names resolve once `goal.replicas` replicas have confirmed them, by one WAIT for
 * all that were replied to in a turn of the event loop; while a WAIT is in flight the next ones share another. WAIT knows
 * the writes of its own connection only, so one whose connection was lost before is rejected with `OutcomeUnknown`. A
 * write that too few replicas confirm in time is rejected with `NotReplicated`.
 */
export function replicateWrites(redis: Connection | Cluster, goal: ReplicationGoal): void {
  const scripts = new Set<unknown>();
  replicatedScripts.set(redis, scripts);
  if ("nodes" in redis) redis.on("+node", (node: Connection) => replicateNode(node, goal, scripts));
  else replicateNode(redis, goal, scripts);
}

/** Names a script of this client whose writes must be replicated; does nothing when replication is not waited for. */
export function replicateScript(redis: Connection | Cluster, name: string): void {
  const { scriptsSet } = redis as unknown as { scriptsSet: Record<string, { sha: string; lua: string }> };
  const script = scriptsSet[name];
  // The driver sends it by its digest or as a whole.
  if (script) replicatedScripts.get(redis)?.add(script.sha).add(script.lua);
}

function replicateNode(redis: Connection, goal: ReplicationGoal, scripts: ReadonlySet<unknown>): void {
  const driver = redis as unknown as Driver;
  const confirm = confirmations(driver, goal);
  const send = driver.sendCommand.bind(redis);
  driver.sendCommand = (command, stream) => {
    if (scripts.has(command.args[0])) {
      const resolve = resolves.get(command) ?? command.resolve;
      resolves.set(command, resolve);
      command.resolve = (value) => {
        const socket = driver.stream;
        confirm({ socket, done: () => resolve.call(command, value), failed: (error) => command.reject(error) });
        return value;
      };
    }
    return send(command, stream);
  };
}

/** Confirms the writes on one connection, several by one WAIT. */
function confirmations(driver: Driver, goal: ReplicationGoal): (write: Write) => void {
  let writes: Write[] = [];
  let isBusy = false;
  const isOpen = (socket: Socket | undefined) =>
    driver.status === "ready" && driver.stream === socket && socket?.writable === true && !socket.writableEnded;
  const confirmAll = async () => {
    const { stream } = driver;
    const batch = writes;
    writes = [];
    const sameSocket = batch.filter(({ socket }) => socket === stream && isOpen(socket));
    for (const write of batch) if (!sameSocket.includes(write)) write.failed(new OutcomeUnknown());
    if (sameSocket.length === 0) return;
    try {
      const confirmed = await driver.wait(goal.replicas, goal.waitMs);
      for (const write of sameSocket) {
        if (confirmed >= goal.replicas) write.done();
        else write.failed(new NotReplicated(confirmed, goal));
      }
    } catch {
      // The connection was lost, or the server has become a replica.
      for (const write of sameSocket) write.failed(new OutcomeUnknown());
    }
  };
  const run = () => {
    confirmAll().then(runNext, runNext);
  };
  const runNext = () => {
    isBusy = writes.length > 0;
    if (isBusy) run();
  };
  return (write) => {
    writes.push(write);
    if (isBusy) return;
    isBusy = true;
    setImmediate(run);
  };
}
