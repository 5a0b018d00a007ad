import type { Redis } from "ioredis";

/** What a command is rejected with that was sent and never answered: it may have been done, or not. `toProblem` makes it a 503 that says so. */
export class OutcomeUnknown extends Error {
  readonly code = "OUTCOME_UNKNOWN";

  constructor() {
    super("The connection to Redis was lost before it answered.");
    this.name = "OutcomeUnknown";
  }
}

interface Command {
  isSettled: boolean;
  promise: Promise<unknown>;
  reject(error: Error): void;
}

/** What this module knows of the driver. */
interface Driver {
  sendCommand(command: Command, stream?: { write(data: string): void }): unknown;
  /** What was sent on a connection that was lost, and not answered. */
  prevCommandQueue?: { shift(): { command: Command } | undefined } | null;
}

/**
 * Makes a client send each command once. The driver would send what was not answered again on the next connection, and would send what
 * its caller gave up long ago when a connection comes at last. Here a command that was sent is rejected when its connection is lost, and
 * one that was not sent waits for a connection, or is dropped with its caller.
 */
export function sendOnce(redis: Redis): Redis {
  const driver = redis as unknown as Driver;
  const send = driver.sendCommand.bind(redis);
  driver.sendCommand = (command, stream) => {
    if (!command.isSettled) return send(command, stream);
    stream?.write(""); // A pipeline leaves when each of its commands has been written.
    return command.promise;
  };
  redis.on("close", () => {
    const sent = driver.prevCommandQueue;
    for (let one = sent?.shift(); one; one = sent?.shift()) one.command.reject(new OutcomeUnknown());
  });
  return redis;
}
