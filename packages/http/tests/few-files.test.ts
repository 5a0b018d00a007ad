import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { startProcess } from "../src/testing.ts";

const program = fileURLToPath(new URL("listening-program.ts", import.meta.url));

/** Runs a program that may open only so many files, softly or hard. */
async function run(limit: string, workers: string) {
  const command = ["sh", "-c", `ulimit ${limit}; exec "$0" "$1"`, process.execPath, program] as const;
  const { out } = startProcess(command, { PORT: "0", WORKERS: workers });
  await expect.poll(out, { timeout: 30_000 }).toMatch(/listening on/);
  return { port: Number(/listening on 127.0.0.1:(\d+)/.exec(out())?.[1]), out };
}

it.each(["0", "1"])(
  "tells of few files at the start with WORKERS=%s, and of each time that they are short",
  async (workers) => {
    const { port, out } = await run("-n 256", workers);
    expect(out()).toContain("A process may have only 256 files open here, enough for 128 connections to each worker");
    const sockets: Socket[] = [];
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    let closed = 0;
    for (let i = 0; i < 400; i++) {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      socket.on("close", () => closed++);
      sockets.push(socket);
    }
    // None of them waits for nothing.
    await expect.poll(() => closed, { timeout: 30_000 }).toBe(400 - 128);
    await expect.poll(out, { timeout: 30_000 }).toMatch(/connections are refused: 128 are open, .* 256 open files/);
    expect(out().split("connections are refused").length).toBe(2);
    sockets.find((socket) => !socket.closed)?.destroy();
    await expect
      .poll(() =>
        fetch(`http://127.0.0.1:${port}/`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true);
  },
);

it("raises a soft limit by itself", async () => {
  const { out } = await run("-S -n 256", "1");
  expect(out()).not.toContain("A process may have only 256 files");
});
