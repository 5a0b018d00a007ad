/** A program that listens as every app does: a port for its requests, and one for its metrics. */
import type { RequestListener } from "node:http";
import { runProgram } from "@quintet/workers";
import { z } from "zod";
import { createLogger, type Logger, openObservation, readEnv, serve, serveMetrics, settings } from "../src/index.ts";

const answer = (log: Logger): RequestListener => {
  let count = 0;
  return ({ url }, response) => {
    if (url === "/log") for (let i = 0; i < 1000; i++) log.line(`"labels":{"number":${count++}}`);
    for (const from = performance.now(); url === "/block" && performance.now() - from < 500; );
    response.end(String(process.pid));
  };
};

await runProgram(process.env, async () => ({
  async start({ env, socket, peers }) {
    const { LOG_FILE: file, ...config } = readEnv(z.object(settings.listen), env);
    const log = createLogger({ service: "listening", level: "info", file });
    await openObservation({ ...config, LOG_FILE: file }, log);
    const { HOST: host = "127.0.0.1", METRICS_HOST = "127.0.0.1" } = env;
    const METRICS_PORT = env.METRICS_PORT ? Number(env.METRICS_PORT) : undefined;
    const at = { host, port: Number(env.PORT), log, drainSeconds: 1, socket };
    const listening = await serve(answer(log), at);
    const metrics = await serveMetrics({ METRICS_PORT, METRICS_HOST }, log, { socket, peers });
    return {
      url: `http://127.0.0.1:${listening.port}`,
      log,
      async close() {
        await metrics[Symbol.asyncDispose]();
        await listening.close();
      },
    };
  },
}));
