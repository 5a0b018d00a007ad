import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger } from "../observability/logger.ts";
import { createService } from "../service/service.ts";
import { type Listening, listenerOf, serve } from "./serve.ts";

const log = createLogger({ service: "t", level: "silent" });
let listening: Listening;
beforeAll(async () => {
  const app = createService({ title: "t", version: "1", prefix: "/t", log, corsOrigins: ["*"], checks: {} });
  listening = await serve(listenerOf(app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
});
afterAll(() => listening.close());

/** The status, the media type and the body of an answer to these bytes. */
async function answerTo(bytes: string) {
  const socket = connect(listening.port, "127.0.0.1");
  await once(socket, "connect");
  socket.end(bytes, "latin1");
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  return { status: Number(head.slice(9, 12)), type: /^content-type: (.*)$/im.exec(head)?.[1], body };
}

const get = (path: string, head = "Host: a", version = "1.1") => `GET ${path} HTTP/${version}\r\n${head}\r\n\r\n`;

const trickyTargets = ["/t/../t/health", "/t/..", "/./t", "/t/%2e%2e/t/health", "/t/.%2E/health", "//t/health"].concat(
  "/t//health",
  "/t\\..\\t",
  "/t/%2f..",
  "/t/%5c",
  "/t/..;/t",
  "/t/%2e%2E%3bx/t",
  "/t/health%00",
  "http://u@a/t/health",
  "/t/health#x",
  "*",
);

describe("an app by itself", () => {
  it.each([
    ["no host", get("/t/health", "X: y")],
    ["an empty host", get("/t/health", "Host:")],
    ["two hosts", get("/t/health", "Host: a\r\nHost: a")],
    ...["a b", "a44.191", ".236", "%zz", "a%41", "127.1", "0x7f.0.0.1", "a:", "a:99999", "a@b", "[::1", "[0::1]"].map(
      (host) => [`the host ${host}`, get("/t/health", `Host: ${host}`)],
    ),
    ...trickyTargets.map((target) => [`the target ${target}`, get(target)]),
    ["a coding in HTTP/1.0", get("/t/health", "Transfer-Encoding: chunked", "1.0")],
    ["a coding that is not chunked", get("/t/health", "Host: a\r\nTransfer-Encoding: gzip, chunked")],
  ] as [string, string][])("answers %s by a problem, and nothing that follows it", async (_name, bytes) => {
    const { status, type, body } = await answerTo(bytes + get("/t/health"));
    expect([status, type]).toEqual([400, "application/problem+json"]);
    expect(JSON.parse(body)).toMatchObject({ status: 400, title: "Bad Request" });
  });

  it.each([
    ["HTTP/1.0 without a host", get("/t/health", "X: y", "1.0")],
    ["HTTP/1.0 with one", get("/t/health", "Host: a", "1.0")],
    ...["a", "A.b:80", "127.0.0.1:8080", "[::1]:65535", "a_b", "xn--nxasmq6b"].map((host) => [
      `the host ${host}`,
      get("/t/health", `Host: ${host}\r\nConnection: close`),
    ]),
  ] as [string, string][])("serves %s", async (_name, bytes) => {
    expect(await answerTo(bytes)).toMatchObject({ status: 200, type: "application/json" });
  });

  it.each(["/t/%", "/t/%zz", "/t/%ff", "/t/%F0%9F", "/%", "/t/health?a=%", "/t/health?%zz=%ff"])(
    "says of the broken escapes in %s that they are its client's fault",
    async (path) => {
      const { status, type } = await answerTo(get(path, "Host: a\r\nConnection: close"));
      expect([400, 404]).toContain(status);
      expect(type).toBe("application/problem+json");
    },
  );

  it("serves no other methods", async () => {
    expect(await answerTo("TRACE /t/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatchObject({
      status: 405,
      type: "application/problem+json",
    });
  });
});
