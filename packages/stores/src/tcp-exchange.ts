import { connect } from "node:net";

/**
 * Connects to a loopback port, sends bytes, and calls `evaluate` with the reply so far until it returns a result.
 * False when the connection is refused, closed, or silent for `timeoutMs`.
 */
export function tcpExchange(
  port: number,
  send: Buffer | string,
  evaluate: (reply: Buffer) => boolean | undefined,
  timeoutMs = 2_000,
): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = Buffer.alloc(0);
    const socket = connect({ host: "127.0.0.1", port });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.on("connect", () => socket.write(send));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.on("data", (chunk) => {
      reply = Buffer.concat([reply, chunk]);
      const result = evaluate(reply);
      if (result !== undefined) end(result);
    });
  });
}
