import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { route } from "./routing.ts";
import type { Upstream } from "./upstream.ts";

function upstream(prefix: string, seen: string[]): Upstream {
  return {
    name: prefix,
    prefix,
    handle: (request) => seen.push(`${prefix} ${request.url}`),
    get: () => Promise.reject(new Error("not asked")),
    close: async () => {},
  };
}

function send(url: string) {
  const seen: string[] = [];
  const listener = route([upstream("/queue", seen), upstream("/social", seen)], (request) =>
    seen.push(`own ${request.url}`),
  );
  let status = 0;
  const response = { headersSent: false, writeHead: (code: number) => (status = code), end: () => {} };
  listener(
    {
      url,
      method: "GET",
      httpVersionMajor: 1,
      httpVersionMinor: 1,
      headers: { host: "a" },
      rawHeaders: [],
    } as unknown as IncomingMessage,
    response as unknown as ServerResponse & { req: never },
  );
  return { seen, status };
}

describe("route", () => {
  it.each([
    ["/queue", "/queue /queue"],
    ["/queue?x=/social", "/queue /queue?x=/social"],
    ["/queue/pop", "/queue /queue/pop"],
    ["/social/posts/1?limit=2", "/social /social/posts/1?limit=2"],
    ["/", "own /"],
    ["/queuex", "own /queuex"],
    ["/queue;a=1/pop", "own /queue;a=1/pop"],
    ["/QUEUE", "own /QUEUE"],
    ["/x/queue", "own /x/queue"],
    ["/%71ueue/pop", "own /%71ueue/pop"],
    ["/queue/..a/b", "/queue /queue/..a/b"],
  ])("%s goes to %s", (url, expected) => {
    expect(send(url).seen).toEqual([expected]);
  });

  it.each([
    "/queue/../social/posts",
    "/queue/..",
    "/./queue",
    "/queue/%2e%2e/social",
    "/queue/.%2E/social",
    "//queue",
    "/queue//pop",
    "/queue\\..\\social",
    "/queue/%2f..",
    "/queue/..;/social",
    "/queue/%2e%2E%3bx/social",
    "/queue/%00",
    "http://other/queue",
    "*",
  ])("%s is refused", (url) => {
    const { seen, status } = send(url);
    expect(seen).toEqual([]);
    expect(status).toBe(400);
  });
});
