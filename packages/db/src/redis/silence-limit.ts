import type { Redis } from "ioredis";

/** Redis did not respond or could not be reached; the command may have been executed or not. */
export class RedisUnavailable extends Error {
  override name = "RedisUnavailable";
  readonly code = "ETIMEDOUT";
}

/** How long a client waits for any byte from Redis, in ms; a slow or forking Redis needs less. */
export const defaultSilenceMs = 1000;

const ticks = 5;
/** A connection that receives nothing for so long, in ms, before it is ready is replaced: its server may be gone. */
const handshakeMs = 5000;
/** The lost connection, and one failed reconnect. */
const failuresAllowed = 2;

interface Command {
  name: string;
  args: unknown[];
  isSettled: boolean;
  reject(error: Error): void;
  extractBlockingTimeout(): number | null | undefined;
}

/** The parts of the driver that this module uses. */
interface Driver {
  status: string;
  sendCommand(command: Command, stream?: object): unknown;
  stream?: { bytesRead: number; writable: boolean; destroy(): void };
  condition?: { handshake: boolean };
  commandQueue: { length: number; peekFront(): { command: Command } | undefined };
  offlineQueue: { length: number; shift(): { command: Command } | undefined };
}

/**
 * Limits how long commands wait for a silent Redis (stopped, frozen, unreachable) on an open connection. When nothing
 * arrives for `limitMs` while a reply is pending, the connection is closed and pending commands are rejected. After
 * that, and after two failed reconnects, commands fail at once until there is a connection again. A blocking command
 * has its own timeout in addition. Silence is counted in ticks of a timer, so that a process that was paused itself
 * first reads its socket.
 */
export function limitSilence(redis: Redis, limitMs: number): void {
  const driver = redis as unknown as Driver;
  const tickMs = limitMs / ticks;
  let isAvailable = true;
  let failures = 0;
  let silentTicks = 0;
  let handshakeTicks = 0;
  let seen: { stream?: object | undefined; bytes?: number | undefined } = {};

  const send = driver.sendCommand.bind(redis);
  driver.sendCommand = (command, stream) => {
    if (!isAvailable && !command.isSettled && !isReady(driver) && !belongsToHandshake(driver, command)) {
      command.reject(new RedisUnavailable("Redis did not respond a moment ago."));
    }
    return send(command, stream);
  };

  const giveUp = () => {
    isAvailable = false;
    for (let one = driver.offlineQueue.shift(); one; one = driver.offlineQueue.shift()) {
      one.command.reject(new RedisUnavailable(`Redis could not be reached within ${limitMs} ms.`));
    }
  };
  const tick = () => {
    const { status, stream } = driver;
    const isSilent = seen.stream === stream && seen.bytes === stream?.bytesRead;
    seen = { stream, bytes: stream?.bytesRead };
    if (status === "ready") {
      silentTicks = isSilent && driver.commandQueue.length > 0 ? silentTicks + 1 : 0;
      if (silentTicks * tickMs < limitMs + blockingMs(driver.commandQueue.peekFront()?.command)) return;
      giveUp();
      stream?.destroy();
      silentTicks = 0;
      return;
    }
    silentTicks++;
    if (silentTicks * tickMs >= limitMs) giveUp();
    handshakeTicks = status === "connect" && isSilent ? handshakeTicks + 1 : 0;
    if (handshakeTicks * tickMs >= handshakeMs) stream?.destroy();
  };
  let timer: NodeJS.Timeout | undefined;
  redis.on("connecting", () => {
    timer ??= setInterval(tick, tickMs).unref();
  });
  redis.on("ready", () => {
    isAvailable = true;
    failures = 0;
    silentTicks = 0;
  });
  redis.on("close", () => {
    failures++;
    if (failures >= failuresAllowed) giveUp();
  });
  redis.on("end", () => {
    clearInterval(timer);
    timer = undefined;
  });
}

const isReady = ({ status, stream }: Driver) => status === "ready" && stream?.writable === true;

const handshake = new Set(["hello", "auth", "select", "client", "readonly", "info"]);

const belongsToHandshake = ({ status, condition }: Driver, { name }: Command) =>
  status === "connect" && condition?.handshake === true && handshake.has(name);

/** How long Redis may block before it replies to a command, in ms. */
function blockingMs(command: Command | undefined): number {
  const ms = command?.name === "wait" ? Number(command.args[1]) : command?.extractBlockingTimeout();
  return ms === 0 ? Number.POSITIVE_INFINITY : (ms ?? 0);
}
