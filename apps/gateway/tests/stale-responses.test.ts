import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { behind, edge } from "./edge.ts";
import { type Answer, Client } from "./harness/client.ts";
import { rawUpstream } from "./raw-upstream.ts";

type Asking = Record<string, string>;

/** What a client gets of an app that answered as told, and then went away: first with it, then without it. */
async function withAndWithout(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
  first: Asking = {},
  then: Asking = first,
): Promise<[Answer, Answer]> {
  await using app = await behind(answer);
  await using front = await edge([app.origin], { holdMs: 0 });
  const known = await new Client(front.origin, first).get("/queue/x");
  await app[Symbol.asyncDispose]();
  return [known, await new Client(front.origin, then).get("/queue/x")];
}

const saying =
  (headers: Record<string, string>, status = 200) =>
  (_req: IncomingMessage, res: ServerResponse) =>
    void res.writeHead(status, headers).end("first");

describe("an app that is away", () => {
  it("leaves its last public answer behind, which says that it is old", async () => {
    const headers = { "Cache-Control": "public, max-age=1", ETag: '"a"', "X-Own": "yes", Age: "7" };
    const [first, old] = await withAndWithout(saying(headers));
    expect(first.headers["x-cache"]).toBeUndefined();
    expect([old.status, old.text]).toEqual([200, "first"]);
    expect(old.headers).toMatchObject({ etag: '"a"', "x-own": "yes", "x-cache": "STALE" });
    expect(Number(old.headers.age)).toBeGreaterThanOrEqual(7);
    expect(old.headers["cache-status"]).toMatch(/^quintet; hit; ttl=-\d+$/);
    expect(old.headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
    expect(old.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
  });

  it.each([
    ["not modified, for one who has it", { "If-None-Match": 'W/"b", "a"' }, 304],
    ["whole, for one who has another", { "If-None-Match": '"b"' }, 200],
  ])("and that is %s", async (_name, then, status) => {
    const headers = { "Cache-Control": "max-age=10", ETag: '"a"' };
    const [, old] = await withAndWithout(saying(headers), {}, then);
    expect([old.status, old.text]).toEqual([status, status === 200 ? "first" : ""]);
  });

  it.each([
    ["chooses by a header, for who sends the same", { "Cache-Control": "public", Vary: "Accept-Language" }],
    ["may be old for an hour", { "Cache-Control": "max-age=0, stale-if-error=3600" }],
    ["must be asked for again only when it is old", { "Cache-Control": "max-age=60, must-revalidate" }],
  ])("an answer that %s is shown", async (_name, headers) => {
    const [, old] = await withAndWithout(saying(headers), { "Accept-Language": "es" });
    expect([old.status, old.headers["x-cache"]]).toEqual([200, "STALE"]);
  });

  it.each([
    ["says nothing of it", {}],
    ["is private", { "Cache-Control": "private, max-age=60" }],
    ["is not to be stored", { "Cache-Control": "public, no-store" }],
    ["is not to be used without asking", { "Cache-Control": "public, no-cache" }],
    ["sets a cookie", { "Cache-Control": "public, max-age=60", "Set-Cookie": "a=1" }],
    ["depends on everything", { "Cache-Control": "public, max-age=60", Vary: "*" }],
    ["is old and may not be", { "Cache-Control": "max-age=60, stale-if-error=0", Age: "61" }],
    ["is old and must be asked for", { "Cache-Control": "max-age=0, must-revalidate" }],
    ["is old for proxies", { "Cache-Control": "s-maxage=0, max-age=60" }],
    ["is larger than is kept", { "Cache-Control": "public, max-age=60" }, 300_000],
    ["is no 200", { "Cache-Control": "public, max-age=60" }, 0, 404],
  ])("an answer that %s is not kept", async (_name, headers, size = 0, status = 200) => {
    const [, then] = await withAndWithout((_req, res) => {
      res.writeHead(status, headers as Record<string, string>).end("x".repeat(size));
    });
    expect([then.status, then.headers["retry-after"]]).toEqual([503, "2"]);
  });

  const ok = "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=60\r\n";
  it.each([
    ["that ends with its connection", `${ok}\r\nfirst`, undefined],
    ["of HTTP/1.0 without a length", `${ok.replace("1.1", "1.0")}\r\nfirst`, undefined],
    ["that is shorter than its length", `${ok}Content-Length: 9\r\n\r\nfirst`, undefined],
    ["without its last chunk", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`, undefined],
    ["whose trailers are cut off", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\nX: y\r\n`, undefined],
    ["that is whole by its length", `${ok}Content-Length: 5\r\n\r\nfirst`, "first"],
    ["that is whole by its last chunk", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n`, "first"],
  ])("an answer %s is given again only if it is known to be whole", async (_name, bytes, again) => {
    for (const packed of ["identity", "gzip"]) {
      await using app = await rawUpstream((socket) => socket.end(bytes));
      await using front = await edge([app.origin], { holdMs: 0 });
      const asking = { "Accept-Encoding": packed };
      await new Client(front.origin, asking).get("/queue/x").catch(() => {});
      await app[Symbol.asyncDispose]();
      const then = await new Client(front.origin, asking).get("/queue/x");
      expect([then.status, then.status === 200 ? then.text : undefined]).toEqual([again ? 200 : 503, again]);
    }
  });

  it.each([
    ["was given to an account", { Authorization: "Basic eDp5" }, {}],
    ["was given to who has a cookie", { Cookie: "a=1" }, {}],
    ["an account asks for", {}, { Authorization: "Basic eDp5" }],
    ["somebody with a cookie asks for", {}, { Cookie: "a=1" }],
    ["somebody wants anew", {}, { "Cache-Control": "no-cache" }],
    ["another language is asked for", { "Accept-Language": "es" }, { "Accept-Language": "en" }],
    ["another origin's page asks for", {}, { Origin: "https://a.example" }],
  ])("an answer that %s is not shown", async (_name, first, then) => {
    const headers = { "Cache-Control": "public, max-age=60", Vary: "Accept-Language" };
    const [, answer] = await withAndWithout(saying(headers), first as Asking, then as Asking);
    expect(answer.status).toBe(503);
  });

  it("has its answer forgotten when it changed or was removed since", async () => {
    for (const how of ["DELETE", "GET"]) {
      let removed = false;
      await using app = await behind((req, res) => {
        removed ||= req.method === "DELETE";
        if (removed) res.writeHead(req.method === "DELETE" ? 204 : 404).end();
        else saying({ "Cache-Control": "public, max-age=60" })(req, res);
      });
      await using front = await edge([app.origin], { holdMs: 0 });
      await (await fetch(`${front.origin}/queue/x`)).text();
      if (how === "GET") removed = true;
      await (await fetch(`${front.origin}/queue/x`, { method: how })).text();
      await app[Symbol.asyncDispose]();
      expect((await fetch(`${front.origin}/queue/x`)).status).toBe(503);
    }
  });

  it("is asked each time while it is there, so that a write through one gateway is seen through the others", async () => {
    let written = "first";
    await using app = await behind((req, res) => {
      if (req.method === "PUT") written = "second";
      res.writeHead(200, { "Cache-Control": "public, max-age=60, stale-while-revalidate=60" }).end(written);
    });
    await using writing = await edge([app.origin], { holdMs: 0 });
    await using reading = await edge([app.origin], { holdMs: 0 });
    const read = async () => (await fetch(`${reading.origin}/queue/x`)).text();
    expect([await read(), await read()]).toEqual(["first", "first"]);
    await (await fetch(`${writing.origin}/queue/x`, { method: "PUT" })).text();
    expect([await read(), await read()]).toEqual(["second", "second"]);
  });

  it.each([206, 304, 416])("keeps its answer when only a %i came since", async (status) => {
    let since = false;
    await using app = await behind((req, res) => {
      if (since) res.writeHead(status).end();
      else saying({ "Cache-Control": "public, max-age=60" })(req, res);
    });
    await using front = await edge([app.origin], { holdMs: 0 });
    await (await fetch(`${front.origin}/queue/x`)).text();
    since = true;
    expect((await fetch(`${front.origin}/queue/x`)).status).toBe(status);
    await app[Symbol.asyncDispose]();
    expect(await (await fetch(`${front.origin}/queue/x`)).text()).toBe("first");
  });

  it("leaves no more than some megabytes behind", async () => {
    const body = Buffer.alloc(200_000);
    await using app = await behind((_req, res) => void res.writeHead(200, { "Cache-Control": "public" }).end(body));
    await using front = await edge([app.origin], { holdMs: 0 });
    for (let i = 0; i < 200; i++) await (await fetch(`${front.origin}/queue/${i}`)).arrayBuffer();
    await app[Symbol.asyncDispose]();
    let kept = 0;
    for (let i = 0; i < 200; i++) if ((await fetch(`${front.origin}/queue/${i}`)).ok) kept++;
    expect(kept).toBeGreaterThan(40);
    expect(kept).toBeLessThan(90);
  });
});
