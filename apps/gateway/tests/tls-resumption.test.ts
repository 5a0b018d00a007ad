import { spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "@quintet/http/testing";
import { freePort } from "@quintet/stores/testing";
import type { TicketKeys } from "@quintet/workers";
import { expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { edge } from "./edge.ts";

type Version = "TLSv1.2" | "TLSv1.3";

/** One request over a new connection, with the session of an earlier one: its answer, whether it was resumed, and its own session. */
async function visit(port: number, version: Version, session?: Buffer) {
  const limits = { minVersion: version, maxVersion: version, rejectUnauthorized: false };
  const socket = connect({ port, host: "127.0.0.1", ...limits, ...(session ? { session } : {}) });
  let own: Buffer | undefined;
  socket.on("session", (given) => {
    own = given;
  });
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  let reused = false;
  socket.once("secureConnect", () => {
    reused = socket.isSessionReused();
  });
  const answer = (await socket.toArray()).join("");
  return { text: answer.split("\r\n\r\n")[1] ?? "", reused, session: own };
}

it.each(["TLSv1.2", "TLSv1.3"] as const)(
  "a %s session is resumed by whichever worker answers",
  async (version) => {
    using made = certificates();
    const { cert, key } = made.make("workers");
    const port = await freePort();
    const program = fileURLToPath(new URL("harness/tls-program.ts", import.meta.url));
    const env = { ...bareEnvironment(), PORT: String(port), WORKERS: "2", TLS_CERT: cert, TLS_KEY: key };
    const parent = spawn(process.execPath, [program], { env, stdio: "inherit" });
    try {
      let session: Buffer | undefined;
      const first = async () => {
        session = (await visit(port, version).catch(() => undefined))?.session;
        return session;
      };
      await expect.poll(first, { timeout: 60_000 }).toBeDefined();
      const workers = new Set<string>();
      const resumed = new Set<boolean>();
      const visits = async () => {
        for (const { text, reused } of await Promise.all(
          Array.from({ length: 8 }, () => visit(port, version, session)),
        )) {
          workers.add(text);
          resumed.add(reused);
        }
        return workers.size;
      };
      await expect.poll(visits, { timeout: 60_000 }).toBe(2);
      expect([...resumed]).toEqual([true]);
    } finally {
      parent.kill("SIGTERM");
      await once(parent, "exit");
    }
  },
  150_000,
);

it("is not resumed with keys that were replaced, and is after the certificate was renewed", async () => {
  using made = certificates();
  const { cert, key } = made.make("rotated");
  const keys = { now: Buffer.alloc(48, 1), use: (_: Buffer) => {} };
  const ticketKeys: TicketKeys = {
    current: () => keys.now,
    onChange(use) {
      keys.use = use;
    },
  };
  await using front = await edge([], { tls: { cert, key, everyMs: 20 }, ticketKeys });
  const { port } = front.listening;
  const { session } = await visit(port, "TLSv1.3");
  expect((await visit(port, "TLSv1.3", session)).reused).toBe(true);
  const next = made.make("renewed");
  const before = await fingerprint(port);
  renameSync(next.key, key);
  renameSync(next.cert, cert);
  await expect.poll(() => fingerprint(port), { timeout: 20_000 }).not.toBe(before);
  expect((await visit(port, "TLSv1.3", session)).reused).toBe(true);
  keys.use(Buffer.alloc(48, 2));
  const after = await visit(port, "TLSv1.3", session);
  expect(after.reused).toBe(false);
  expect((await visit(port, "TLSv1.3", after.session)).reused).toBe(true);
});

async function fingerprint(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
