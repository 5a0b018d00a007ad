// The baseline of the queue: one Redis command per request, and nothing else. Reads `REDIS_URL`.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listenerOf } from "@quintet/http";
import { Hono } from "hono";
import { Redis } from "ioredis";

const redis = new Redis(process.env.REDIS_URL ?? "", { enableAutoPipelining: true });
const app = new Hono();
app.post("/queue/push", async (c) => {
  const length = await redis.rpush("plain", await c.req.text());
  return c.json({ status: "ok", length }, 201);
});
app.post("/queue/pop", async (c) => c.json({ status: "ok", message: await redis.lpop("plain") }));
const server = createServer(listenerOf(app));
server.listen(0, "127.0.0.1", () => console.log(`listening ${(server.address() as AddressInfo).port}`));
process.once("SIGTERM", () => process.exit(0));
