import { once } from "node:events";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { ConfigError } from "@quintet/http";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Certificates, certificates } from "./certificate.ts";
import { type Edge, edge, log } from "./edge.ts";

let made: Certificates;
const opened: Edge[] = [];
beforeAll(() => {
  made = certificates();
});
afterAll(async () => {
  for (const one of opened) await one[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

const told: string[] = [];
const telling = Object.create(log, {
  error: { value: (fields: { err: Error }, message: string) => told.push(`${message}: ${fields.err.message}`) },
});

async function start(cert: string, key: string): Promise<Edge> {
  const front = await edge(["http://127.0.0.1:1"], { tls: { cert, key, everyMs: 50 }, log: telling });
  opened.push(front);
  return front;
}

/** The name in the certificate that a new connection is shown. */
async function shown({ listening }: Edge): Promise<string> {
  const socket = connect({ port: listening.port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subject }: PeerCertificate = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function untilShown(front: Edge, name: string): Promise<void> {
  let now = "";
  const look = setInterval(async () => {
    now = await shown(front).catch(() => "");
  }, 20);
  await until(() => now === name).finally(() => clearInterval(look));
}

it("takes over files that are renamed into place, and cuts no connection", async () => {
  const { cert, key } = made.make("before");
  const front = await start(cert, key);
  expect(await shown(front)).toBe("before");
  const session = connectHttp2(`https://127.0.0.1:${front.listening.port}`, { rejectUnauthorized: false });
  await once(session, "connect");
  const next = made.make("after");
  renameSync(next.key, key);
  renameSync(next.cert, cert);
  await untilShown(front, "after");
  const stream = session.request({ ":path": "/nothing" });
  expect((await once(stream, "response"))[0][":status"]).toBe(404);
  session.destroy();
});

it("takes over a folder whose link is turned, as orchestrators mount secrets", async () => {
  const [old, next] = [made.make("old"), made.make("new")];
  const at = (name: string) => join(made.folder, name);
  symlinkSync(old.cert, at("data.crt"));
  symlinkSync(old.key, at("data.key"));
  const front = await start(at("data.crt"), at("data.key"));
  for (const kind of ["crt", "key"] as const) {
    symlinkSync(kind === "crt" ? next.cert : next.key, at(`turn.${kind}`));
    renameSync(at(`turn.${kind}`), at(`data.${kind}`));
  }
  await untilShown(front, "new");
});

it("keeps the old pair while the new one is half there, cut off or gone, and says so", async () => {
  const { cert, key } = made.make("kept");
  const front = await start(cert, key);
  const next = made.make("next");
  told.length = 0;
  renameSync(next.cert, cert);
  await until(() => told.some((line) => line.includes("TLS_KEY: does not match TLS_CERT")));
  writeFileSync(cert, next.pem.slice(0, 200));
  await until(() => told.some((line) => line.includes("TLS_CERT: must be a PEM certificate chain")));
  rmSync(key);
  await until(() => told.some((line) => line.includes("TLS_KEY: there is no such file")));
  expect(await shown(front)).toBe("kept");
  renameSync(next.key, key);
  writeFileSync(cert, next.pem);
  await untilShown(front, "next");
});

it("does not start with a pair that does not fit", async () => {
  const [one, two] = [made.make("one"), made.make("two")];
  await expect(start(one.cert, two.key)).rejects.toThrow(ConfigError);
  await expect(start(one.cert, join(made.folder, "absent"))).rejects.toThrow("TLS_KEY: there is no such file");
});
