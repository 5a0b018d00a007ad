import type { Redis } from "ioredis";

/** Redis did not respond, or could not be reached; what was sent may have been done or not. */
export class RedisUnavailable extends Error {
  override name = "RedisUnavailable";
  readonly code = "ETIMEDOUT";
}

/** How long a client waits for a sign of Redis, in ms: longer than one that is slow takes, or one that forks. */
export const defaultSilenceMs = 1000;

const ticks = 5;
/** A connection on which nothing came for so long is replaced before it was ever of use: its server may be gone for good. */
const handshakeMs = 5000;
/** A connection that was lost, and one attempt to make another. */
const failuresAllowed = 2;

interface Command {
  name: string;
  isSettled: boolean;
  reject(error: Error): void;
  extractBlockingTimeout(): number | null | undefined;
}

/** What this module knows of the driver. */
interface Driver {
  status: string;
  sendCommand(command: Command, stream?: object): unknown;
  stream?: { bytesRead: number; writable: boolean; destroy(): void };
  condition?: { handshake: boolean };
  commandQueue: { length: number; peekFront(): { command: Command } | undefined };
  offlineQueue: { length: number; shift(): { command: Command } | undefined };
}

/**
 * Bounds how long commands wait for a Redis that is silent (stopped, frozen, cut off without a word) while its connection stays
 * open: when nothing at all came for `limitMs` though something is awaited, the connection is closed and what waits is rejected.
 * From then on, and when two reconnects failed, further commands fail at once until there is a connection again. A command that
 * blocks has its own time in addition. Silence is counted in turns of the event loop's timers, so that a process that stood still
 * itself reads what lies in its socket before it takes Redis for silent.
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

/** For how long Redis keeps silent by itself before it replies to a command, in ms. */
function blockingMs(command: Command | undefined): number {
  const ms = command?.extractBlockingTimeout();
  return ms === 0 ? Number.POSITIVE_INFINITY : (ms ?? 0);
}
