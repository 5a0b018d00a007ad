import type { Redis } from "ioredis";

/**
 * The error of a command that was sent and got no reply: it may have been executed or not. `toProblem` makes it a 503.
 */
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

/** The parts of the driver that this module uses. */
interface Driver {
  sendCommand(command: Command, stream?: { write(data: string): void }): unknown;
  stream?: { prependOnceListener(event: "close", listener: () => void): void };
  /** Commands that were sent on this connection and have no reply yet. */
  commandQueue: { shift(): { command: Command } | undefined };
}

/**
 * Makes the client of one server send each command at most once. The driver would repeat unanswered commands on the next
 * connection, and send commands whose caller has given up. Here a sent command is rejected when its connection is lost,
 * before the driver sees the loss; an unsent one waits for a connection, or is dropped when its caller gives up. So a
 * command that the driver itself rejects or moves to another node of a cluster has not been executed.
 */
export function sendOnce(redis: Redis): Redis {
  const driver = redis as unknown as Driver;
  const send = driver.sendCommand.bind(redis);
  driver.sendCommand = (command, stream) => {
    if (!command.isSettled) return send(command, stream);
    // A pipeline is sent when each of its commands has been written; before there is a socket, none of it was.
    if (driver.stream) stream?.write("");
    return command.promise;
  };
  redis.on("connect", () => {
    driver.stream?.prependOnceListener("close", () => {
      const sent = driver.commandQueue;
      for (let one = sent.shift(); one; one = sent.shift()) one.command.reject(new OutcomeUnknown());
    });
  });
  return redis;
}
