import { once } from "node:events";
import { connect } from "node:http2";
import { metricsText } from "@quintet/http";
import { expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { edge } from "./edge.ts";

/** The bytes that were counted of POSTs to the app in this process. */
async function counted(way: "request" | "response"): Promise<number> {
  const sample = new RegExp(`^quintet_http_${way}_bytes_total\\{.*method="POST".*\\} (\\d+)$`, "m");
  return Number(sample.exec(await metricsText())?.[1] ?? 0);
}

it("counts the bytes of each HTTP/2 stream by itself, however many share a connection", async () => {
  using made = certificates();
  await using gateway = await edge([], { tls: made.make("bytes") });
  const session = connect(gateway.origin.replace("http:", "https:"), { rejectUnauthorized: false });
  const sizes = [0, 10, 1000, 100_000];
  const echo = async (size: number) => {
    const stream = session.request({ ":method": "POST", ":path": "/social/echo", "content-type": "text/plain" });
    stream.end("x".repeat(size));
    let came = 0;
    for await (const part of stream) came += (part as Buffer).length;
    expect(came).toBe(size);
  };
  await Promise.all(sizes.map(echo));
  session.close();
  await once(session, "close");
  const sum = sizes.reduce((a, b) => a + b);
  const heads = sizes.length * 1000;
  for (const way of ["request", "response"] as const) {
    await expect.poll(() => counted(way)).toBeGreaterThan(sum + sizes.length * 20);
    expect(await counted(way)).toBeLessThan(sum + heads);
  }
});
