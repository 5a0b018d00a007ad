import { Hono } from "hono";

/** The app behind every variant of the gateway and transfer rows: small and large responses, and uploads that are echoed or discarded. */
export function smallApp(): Hono {
  const app = new Hono();
  app.get("/queue/small", (c) => c.json({ status: "running", message: "hello" }));
  app.post("/queue/echo", async (c) => c.body(await c.req.arrayBuffer(), 200, { "Content-Type": "application/json" }));
  app.get("/queue/large", (c) => c.body(large.subarray(0, Number(c.req.query("bytes")))));
  app.post("/queue/sink", async (c) => {
    let bytes = 0;
    for await (const chunk of c.req.raw.body ?? []) bytes += chunk.length;
    return c.json({ bytes });
  });
  return app;
}

const large = Buffer.alloc(50 * 1024 * 1024, "quintet ");
