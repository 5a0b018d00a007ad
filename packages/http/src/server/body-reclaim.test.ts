import { once } from "node:events";
import { request } from "node:http";
import { expect, it } from "vitest";
import { createLogger } from "../observability/logger.ts";
import { serve } from "./serve.ts";

const MiB = 1024 * 1024;

it("gives the memory of a large body back while it is read", async () => {
  const before = process.memoryUsage().arrayBuffers;
  let [bytes, most] = [0, 0];
  const log = createLogger({ service: "t", level: "silent" });
  const listening = await serve(
    (incoming, answer) => {
      incoming.on("data", (part: Buffer) => {
        bytes += part.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      });
      incoming.on("end", () => answer.end());
    },
    { port: 0, host: "127.0.0.1", log, drainSeconds: 1 },
  );
  const piece = Buffer.alloc(MiB);
  const headers = { "Content-Length": 128 * MiB };
  const sent = request({ port: listening.port, method: "POST", headers });
  const answered = once(sent, "response");
  for (let i = 0; i < 128; i++) if (!sent.write(piece)) await once(sent, "drain");
  sent.end();
  await answered;
  await listening.close();
  expect(bytes).toBe(128 * MiB);
  expect(most).toBeLessThan(32 * MiB);
});
