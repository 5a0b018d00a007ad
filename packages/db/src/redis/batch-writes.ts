import type { Redis } from "ioredis";

/** The parts of the driver's client of one server that this module uses. */
interface Driver {
  status: string;
  stream?: { cork(): void; uncork(): void };
  sendCommand(command: object, stream?: object): unknown;
}

/**
 * The commands of one turn of the event loop share a write to this server. The driver's own pipelines do so at several
 * times the cost, and a cluster redirects them only as a whole: here each command follows a slot that has moved.
 */
export function batchWrites(redis: Redis): void {
  const driver = redis as unknown as Driver;
  const send = driver.sendCommand.bind(redis);
  let isCorked = false;
  driver.sendCommand = (command, stream) => {
    const socket = driver.stream;
    if (!isCorked && socket && driver.status === "ready") {
      isCorked = true;
      socket.cork();
      setImmediate(() => {
        isCorked = false;
        socket.uncork();
      });
    }
    return send(command, stream);
  };
}
