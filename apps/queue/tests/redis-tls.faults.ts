import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { until } from "@quintet/http/testing";
import { openRedisCluster, openRedisSentinels } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openQueue } from "./open-queue.ts";

let folder: string;
let tls: { cert: string; key: string };
const authorities = getCACertificates("default");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "queue-tls-"));
  tls = { cert: join(folder, "redis.crt"), key: join(folder, "redis.key") };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...names, "-keyout", tls.key, "-out", tls.cert], {
    stdio: "pipe",
  });
});
afterAll(async () => {
  setDefaultCACertificates(authorities);
  await rm(folder, { recursive: true, force: true });
});

const trust = async () => setDefaultCACertificates([...authorities, await readFile(tls.cert, "utf8")]);

/** Sends to a receiver that waits, moves a dead letter, pushes and pops. */
async function useEverything(redisUrl: string): Promise<void> {
  await using open = await openQueue({ redisUrl });
  const dead = await open.makeQueue();
  const queue = await open.makeQueue({ deadLetterQueue: dead.name, maxReceives: 1 });
  const waiting = queue.receive({ waitSeconds: 20 });
  await until(async () => open.deps.waiting.hasWaiting(queue.name));
  await queue.send({ body: "over TLS" });
  const [message] = await waiting;
  expect(message?.body).toBe("over TLS");
  await queue.settle("nack", [message?.receipt ?? ""]);
  await until(async () => (await dead.counts()).ready === 1);
  expect((await open.request("POST", "/queue/push", { body: 1 })).status).toBe(201);
  expect((await open.request("POST", "/queue/pop")).json()).toMatchObject({ message: 1 });
  expect((await open.request("GET", "/queue/health")).json()).toMatchObject({ status: "ok" });
}

it("one server, with a certificate that is trusted and not without", async () => {
  await using sentinels = await openRedisSentinels({ tls });
  const { port } = await sentinels.master();
  const url = `rediss://:topology@127.0.0.1:${port}`;
  setDefaultCACertificates(authorities);
  {
    await using untrusted = await openQueue({ redisUrl: url });
    expect((await untrusted.request("GET", "/queue/count")).status).toBe(503);
  }
  await trust();
  await useEverything(url);
}, 60_000);

it("Sentinels, also after a fail-over", async () => {
  await trust();
  await using sentinels = await openRedisSentinels({ tls });
  await useEverything(sentinels.url);
  const killed = await sentinels.master();
  await killed.kill();
  await until(async () => (await sentinels.master()).port !== killed.port);
  await useEverything(sentinels.url);
}, 120_000);

it("a cluster", async () => {
  await trust();
  await using cluster = await openRedisCluster({ tls });
  await useEverything(cluster.url);
}, 60_000);
