import { createLogger, serve } from "@quintet/http";
import { runProgram, type Start } from "@quintet/workers";

/** Serves TLS as the gateway does, with workers, and says which of them answers. */
const start: Start = async ({ env, socket, ticketKeys }) => {
  const log = createLogger({ service: "test", level: "silent" });
  const tls = { cert: env.TLS_CERT ?? "", key: env.TLS_KEY ?? "", everyMs: 20 };
  const options = { port: Number(env.PORT), host: "127.0.0.1", log, drainSeconds: 0, socket, tls, ticketKeys };
  const listening = await serve((_, response) => response.end(String(process.pid)), options);
  return { url: "", log, close: () => listening.close() };
};

await runProgram(process.env, async () => ({ start }));
