import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { route } from "./route.ts";
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

/** Who gets a request for this URL. */
function ownerOf(url: string) {
  const seen: string[] = [];
  const listener = route([upstream("/queue", seen), upstream("/social", seen)], (request) =>
    seen.push(`own ${request.url}`),
  );
  listener({ url, headers: {} } as IncomingMessage, {} as ServerResponse & { req: never });
  return seen;
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
    expect(ownerOf(url)).toEqual([expected]);
  });
});
