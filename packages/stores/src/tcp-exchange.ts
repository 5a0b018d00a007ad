import { connect } from "node:net";

/**
 * Connects to a loopback port, sends bytes and hands the answer so far to `enough` until that returns a verdict.
 * A refused, closed or silent connection is false.
 */
export function tcpExchange(
  port: number,
  send: Buffer | string,
  enough: (answer: Buffer) => boolean | undefined,
  limitMs = 2_000,
): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ host: "127.0.0.1", port });
    const end = (verdict: boolean) => {
      socket.destroy();
      resolve(verdict);
    };
    socket.setTimeout(limitMs, () => end(false));
    socket.on("connect", () => socket.write(send));
    socket.on("error", () => end(false));
    socket.on("close", () => end(false));
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const verdict = enough(answer);
      if (verdict !== undefined) end(verdict);
    });
  });
}
