import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Resolve } from "./addresses.ts";
import { createDeliver, retryAfter } from "./deliver.ts";

let requests = 0;
let respond: RequestListener = (_, response) => response.end();
const server = createServer((request, response) => {
  requests++;
  respond(request, response);
});
let port = 0;
beforeAll(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const send = (url: string, options: { allowPrivate?: boolean; resolve?: Resolve; timeoutMs?: number } = {}) => {
  const { allowPrivate = false, resolve = async () => [], timeoutMs = 5000 } = options;
  return createDeliver({ allowPrivate, resolve })({
    url,
    headers: {},
    body: "{}",
    timeoutMs,
    signal: new AbortController().signal,
  });
};

it("a name that resolves to an address that is not public is never connected to, not even among others", async () => {
  const before = requests;
  const loopback = { address: "127.0.0.1", family: 4 };
  for (const addresses of [
    [loopback],
    [{ address: "93.184.215.14", family: 4 }, loopback],
    [{ address: "::ffff:127.0.0.1", family: 6 }],
    [],
  ]) {
    const result = await send(`http://hooks.example:${port}/`, { resolve: async () => addresses });
    expect(result).toEqual({ error: "the host has an address that is not public" });
  }
  expect(requests).toBe(before);
});

it("the address that was checked is the one that is connected to: the name is resolved once for each delivery", async () => {
  const before = requests;
  let lookups = 0;
  const rebinding: Resolve = async () => {
    lookups++;
    // The first one is in a part of the public addresses that nobody has.
    return [lookups === 1 ? { address: "2d00::1", family: 6 } : { address: "127.0.0.1", family: 4 }];
  };
  await send(`http://hooks.example:${port}/`, { resolve: rebinding, timeoutMs: 200 });
  expect([lookups, requests]).toEqual([1, before]);
});

it.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433"])(
  "the address %s is never connected to",
  async (host) => {
    const before = requests;
    const result = await send(`http://${host}:${port}/`);
    expect(result.error).toMatch(/not public/);
    expect(requests).toBe(before);
  },
);

it("a redirect is a response like any other", async () => {
  const before = requests;
  respond = (_, response) => response.writeHead(307, { Location: `http://127.0.0.1:${port}/secret` }).end();
  expect(await send(`http://127.0.0.1:${port}/`, { allowPrivate: true })).toMatchObject({ status: 307 });
  expect(requests).toBe(before + 1);
});

it("a receiver that resets, or does not respond in time, is an error", async () => {
  respond = (request) => request.socket.resetAndDestroy();
  expect(await send(`http://127.0.0.1:${port}/`, { allowPrivate: true })).toEqual({
    error: "the connection was reset",
  });
  respond = () => {};
  const hangs = await send(`http://127.0.0.1:${port}/`, { allowPrivate: true, timeoutMs: 100 });
  expect(hangs).toEqual({ error: "no response within 0.1 s" });
});

it("an endless response is cut off, and counts by its status", async () => {
  const closed = Promise.withResolvers<void>();
  respond = (_, response) => {
    response.on("close", () => closed.resolve());
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      response.once("drain", more);
    };
    more();
  };
  expect(await send(`http://127.0.0.1:${port}/`, { allowPrivate: true })).toMatchObject({ status: 200 });
  await closed.promise;
});

it("Retry-After is a number of seconds or a date, and bounded", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfter("30", now)).toBe(30);
  expect(retryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now)).toBe(60);
  expect(retryAfter("Thu, 01 Jan 2020 00:01:00 GMT", now)).toBe(0);
  expect(retryAfter("999999999", now)).toBe(43_200);
  for (const text of [undefined, "soon", "-5", ""]) expect(retryAfter(text, now)).toBeUndefined();
});
