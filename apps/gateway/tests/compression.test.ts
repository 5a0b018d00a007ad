import { once } from "node:events";
import { type IncomingMessage, type RequestListener, request } from "node:http";
import type { Transform } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createZstdDecompress,
  gunzipSync,
  zstdDecompressSync,
} from "node:zlib";
import { until } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { behind, type Edge, edge } from "./edge.ts";
import { Client } from "./harness/client.ts";
import { callOverHttp2 } from "./harness/http2-call.ts";

const unpack: Record<string, (bytes: Buffer) => Buffer> = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
};
const codings = Object.keys(unpack);
const unpacking: Record<string, () => Transform> = {
  zstd: createZstdDecompress,
  br: createBrotliDecompress,
  gzip: createGunzip,
};

/** Text of this size that packs well, and of which no two places are the same. */
function text(bytes: number): string {
  let all = "";
  for (let i = 0; all.length < bytes; i++) all += `the line number ${i} of a poem\n`;
  return all.slice(0, bytes);
}
const bodies = { small: text(4095), "fits one piece": text(5000), large: text(300_000), huge: text(5_000_000) };
const parts = (body: string) => body.match(/.{1,50000}/gs) as string[];

let app: RequestListener = () => {};
let fetched: (request: Request) => Response | Promise<Response> = () => new Response();
let target: Awaited<ReturnType<typeof behind>>;
let plain: Edge;
let secure: Edge;
const made = certificates();

beforeAll(async () => {
  target = await behind((request, response) => app(request, response));
  const mounted = { fetch: async (request: Request) => fetched(request) };
  plain = await edge([target.origin], { mounted });
  secure = await edge([target.origin], { mounted, tls: made.make("first") });
});
afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  await secure[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

/** An app in both places that answers this body with these headers. */
function answering(body: string | Buffer, headers: Record<string, string>, inParts = false, status = 200): void {
  const pieces = inParts ? parts(String(body)) : [body];
  app = (_request, response) => {
    response.writeHead(status, inParts ? headers : { ...headers, "Content-Length": Buffer.byteLength(body) });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
  fetched = () =>
    new Response(inParts ? ReadableStream.from(pieces.map((one) => Buffer.from(one))) : body, { status, headers });
}

const places = ["/queue/x", "/social/x"];
const ask = (path: string, headers: Record<string, string>, method = "GET") =>
  new Client(plain.origin).send(method, path, undefined, { headers });

describe.each(places)("an answer of %s", (path) => {
  it.each(codings)("is packed by %s, whatever its size and however it comes", async (coding) => {
    for (const [size, body] of Object.entries(bodies)) {
      for (const inParts of [false, true]) {
        answering(body, { "Content-Type": "application/json", ETag: '"v1"', Vary: "Accept" }, inParts);
        for (const overHttp2 of [false, true]) {
          const headers = { "Accept-Encoding": coding };
          const answer = overHttp2
            ? await callOverHttp2(secure.origin.replace("http:", "https:").replace("127.0.0.1", "localhost"), {
                method: "GET",
                path,
                headers,
              }).then(({ parts, ...head }) => ({ ...head, bytes: Buffer.concat(parts) }))
            : await ask(path, headers);
          const got = answer.headers as Record<string, string | undefined>;
          const name = `${size} ${inParts} ${overHttp2}`;
          if (got["content-encoding"] === undefined) {
            // Of one that comes in parts it is not known how short it is.
            expect([name, size]).toEqual([name, "small"]);
            expect(answer.bytes.toString()).toBe(body);
            expect(got.etag).toBe('"v1"');
            continue;
          }
          expect([name, got["content-encoding"], got.vary, got.etag]).toEqual([
            name,
            coding,
            "Accept, Accept-Encoding",
            `"v1;${coding}"`,
          ]);
          expect(unpack[coding]?.(answer.bytes).toString()).toBe(body);
          expect(answer.bytes.length).toBeLessThan(body.length / 2);
          if (got["content-length"] !== undefined) expect(Number(got["content-length"])).toBe(answer.bytes.length);
        }
      }
    }
  });

  const json = { "Content-Type": "application/json" };
  it.each<[string, Record<string, string>, Record<string, string>, number?]>([
    ["for a client that does not say what it takes", json, {}],
    ["for one that takes none of the codings", json, { "Accept-Encoding": "deflate, identity" }],
    ["that is no text", { "Content-Type": "image/png" }, { "Accept-Encoding": "gzip" }],
    ["without a type", {}, { "Accept-Encoding": "gzip" }],
    ["that is packed", { ...json, "Content-Encoding": "gzip" }, { "Accept-Encoding": "gzip" }],
    ["that must not be changed", { ...json, "Cache-Control": "no-transform" }, { "Accept-Encoding": "gzip" }],
    ["that must not be stored", { ...json, "Cache-Control": "private, no-store" }, { "Accept-Encoding": "gzip" }],
    ["that is for one browser", { ...json, "Cache-Control": "private" }, { "Accept-Encoding": "gzip", Cookie: "a=1" }],
    ["that is a part", { ...json, "Content-Range": "bytes 0-1/3" }, { "Accept-Encoding": "gzip" }, 206],
    ["whose digest is told", { ...json, "Repr-Digest": "sha-256=:AA==:" }, { "Accept-Encoding": "gzip" }],
  ])("%s is left as it is", async (_why, headers, asked, status = 200) => {
    answering(bodies.large, { ...headers, ETag: '"v1"' }, false, status);
    const answer = await ask(path, asked);
    expect(answer.headers["content-encoding"]).toBe(headers["Content-Encoding"]);
    expect(answer.headers.etag).toBe('"v1"');
    expect(answer.headers["content-length"]).toBe(String(bodies.large.length));
    expect(answer.text === bodies.large).toBe(true);
  });

  it("to a browser is packed when it is the same for all", async () => {
    answering(bodies.large, { "Content-Type": "text/css", "Cache-Control": "public, max-age=60" });
    const answer = await ask(path, { "Accept-Encoding": "gzip", Cookie: "a=1" });
    expect(answer.headers["content-encoding"]).toBe("gzip");
  });

  it("is packed anew when it has changed, whatever its tag says", async () => {
    const headers = { "Content-Type": "application/json", ETag: '"v1"' };
    for (const body of [bodies.large, bodies.large.replace("the line number 7 ", "the line number 8 "), bodies.large]) {
      answering(body, headers);
      for (let again = 0; again < 2; again++) {
        const answer = await ask(path, { "Accept-Encoding": "gzip" });
        expect(gunzipSync(answer.bytes).toString() === body).toBe(true);
      }
    }
  });

  it("that is a problem is packed too, when it is long", async () => {
    answering(bodies.large, { "Content-Type": "application/problem+json" }, false, 422);
    const answer = await ask(path, { "Accept-Encoding": "br" });
    expect([answer.status, answer.headers["content-encoding"]]).toEqual([422, "br"]);
    expect(brotliDecompressSync(answer.bytes).toString() === bodies.large).toBe(true);
  });

  it("whose head was only set, not written, is packed too", async () => {
    answering(bodies.large, { "Content-Type": "application/json" });
    app = (_request, response) => {
      response.setHeader("Content-Type", "text/plain");
      response.end(bodies.large);
    };
    const answer = await ask(path, { "Accept-Encoding": "gzip" });
    expect([answer.headers["content-encoding"], answer.headers.vary]).toEqual(["gzip", "Accept-Encoding"]);
    expect(gunzipSync(answer.bytes).toString() === bodies.large).toBe(true);
  });

  it("to HTTP/1.0 goes as it is", async () => {
    answering(bodies.large, { "Content-Type": "application/json" });
    const answer = await plain.send(`GET ${path} HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n`);
    expect(answer).not.toMatch(/content-encoding/i);
    expect(answer).toContain(bodies.large.slice(-100));
  });

  it("to HEAD tells what a GET would, but for its length", async () => {
    app = (_request, response) => response.writeHead(200, { ...json, "Content-Length": 300_000 }).end();
    fetched = () => new Response(null, { headers: { ...json, "Content-Length": "300000" } });
    const answer = await ask(path, { "Accept-Encoding": "gzip" }, "HEAD");
    expect([answer.status, answer.headers.vary, answer.headers["content-length"]]).toEqual([
      200,
      "Accept-Encoding",
      undefined,
    ]);
  });

  it("has a tag by which it is asked for again, packed or not", async () => {
    const seen: (string | null)[][] = [];
    const look = (read: (name: string) => string | null) => {
      seen.push([read("if-none-match"), read("if-match"), read("if-range")]);
      return read("if-none-match")?.includes('"v1"') ? 304 : 200;
    };
    const headers = { "Content-Type": "application/json", ETag: '"v1"' };
    app = (request, response) => {
      const status = look((name) => (request.headers[name] as string | undefined) ?? null);
      response.writeHead(status, headers).end(status === 200 ? bodies.large : undefined);
    };
    fetched = (request) => {
      const status = look((name) => request.headers.get(name));
      return new Response(status === 200 ? bodies.large : null, { status, headers });
    };
    const first = await ask(path, { "Accept-Encoding": "br" });
    expect(first.headers.etag).toBe('"v1;br"');
    const again = await ask(path, { "Accept-Encoding": "gzip", "If-None-Match": 'W/"v0", "v1;br"' });
    expect([again.status, again.headers.etag]).toEqual([304, '"v1;br"']);
    const own = await ask(path, { "If-None-Match": '"v1"' });
    expect([own.status, own.headers.etag]).toEqual([304, '"v1"']);
    const written = await ask(path, { "If-Match": '"v1;zstd"', "If-Range": '"v1;gzip"' });
    expect(written.status).toBe(200);
    expect(seen).toEqual([
      [null, null, null],
      ['W/"v0", "v1"', null, null],
      ['"v1"', null, null],
      [null, '"v1"', '"v1;gzip"'],
    ]);
  });

  it.each(codings)("packed by %s comes as it is made: no piece waits for the next one", async (coding) => {
    const more = Promise.withResolvers<void>();
    app = async (_request, response) => {
      response.writeHead(200, { "Content-Type": "application/x-ndjson" }).write('{"first":1}\n');
      await more.promise;
      response.end('{"second":2}\n');
    };
    fetched = () => {
      const stream = new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from('{"first":1}\n'));
          await more.promise;
          controller.enqueue(Buffer.from('{"second":2}\n'));
          controller.close();
        },
      });
      return new Response(stream, { headers: { "Content-Type": "application/x-ndjson" } });
    };
    const [answer] = (await once(
      request(plain.origin + path, { headers: { "Accept-Encoding": coding } }).end(),
      "response",
    )) as [IncomingMessage];
    expect(answer.headers["content-encoding"]).toBe(coding);
    let came = "";
    for await (const part of answer.pipe(unpacking[coding]?.() as Transform)) {
      came += part;
      if (came === '{"first":1}\n') more.resolve();
    }
    expect(came).toBe('{"first":1}\n{"second":2}\n');
  });
});

it("is cut off where the app's answer is cut off", async () => {
  for (const headers of [{ "Content-Length": 300_000 }, {}]) {
    app = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/plain", ...headers });
      response.write(bodies.large.slice(0, 100_000), () => response.destroy());
    };
    const answer = await fetch(`${plain.origin}/queue/x`, { headers: { "Accept-Encoding": "gzip" } });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    await expect(answer.text()).rejects.toThrow();
  }
});

it("passes trailers behind a packed body, whole or in parts", async () => {
  for (const inParts of [false, true]) {
    app = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Sum" });
      for (const part of inParts ? parts(bodies.large) : [bodies["fits one piece"]]) response.write(part);
      response.addTrailers([["X-Sum", "42"]]);
      response.end();
    };
    const answer = await plain.send(
      "GET /queue/x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nTE: trailers\r\n\r\n",
      (all) => /0\r\nX-Sum: 42\r\n\r\n$/.test(all),
    );
    expect(answer).toMatch(/\r\nContent-Encoding: gzip\r\n/);
  }
});

it("takes no more from an app than its client takes", async () => {
  const piece = Buffer.from(Array.from({ length: 16_000 }, () => Math.random().toString(36).slice(2, 6)).join(""));
  let written = 0;
  let held = false;
  app = async (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain" });
    const closed = once(response, "close");
    while (!response.destroyed && written < 200_000_000) {
      written += piece.length;
      if (!response.write(piece)) {
        held = true;
        await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed]);
        held = false;
      }
    }
    response.end();
  };
  const { socket } = plain.open();
  socket.pause();
  socket.write("GET /queue/x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  let last = -1;
  // It stands still when nothing has moved for a hundred turns.
  for (let still = 0; still < 100; still++) {
    await turn();
    if (!held || written !== last) still = 0;
    last = written;
  }
  expect(written).toBeLessThan(50_000_000);
  socket.destroy();
});

it("goes on packing after many clients have gone away in the middle", async () => {
  let [open, opened] = [0, 0];
  app = (request, response) => {
    open++;
    opened++;
    response.once("close", () => {
      open--;
    });
    response.writeHead(200, { "Content-Type": "text/plain" }).write(bodies.large);
    if (request.headers["x-whole"]) response.end();
  };
  for (let round = 0; round < 6; round++) {
    const gone = Array.from({ length: 50 }, () => plain.open());
    const before = opened;
    for (const { socket } of gone) socket.write("GET /queue/x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
    await until(() => opened === before + gone.length && gone.every(({ text }) => text().length > 500));
    for (const { socket } of gone) socket.destroy();
    await until(() => open === 0);
  }
  const answer = await ask("/queue/x", { "Accept-Encoding": "br", "X-Whole": "1" });
  expect(answer.headers["content-encoding"]).toBe("br");
});

it("goes on packing after many clients have gone away before their answers began", async () => {
  const headers = { "Content-Type": "text/plain" };
  const begin = Promise.withResolvers<void>();
  let [came, left, answered] = [0, 0, 0];
  fetched = async (request) => {
    came++;
    request.signal.addEventListener("abort", () => left++);
    await begin.promise;
    answered++;
    return new Response(ReadableStream.from(parts(bodies.large).map((part) => Buffer.from(part))), { headers });
  };
  const gone = Array.from({ length: 210 }, () => plain.open());
  for (const { socket } of gone) socket.write("GET /social/x HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
  await until(() => came === gone.length);
  for (const { socket } of gone) socket.destroy();
  await until(() => left === gone.length);
  begin.resolve();
  await until(() => answered === gone.length);
  answering(bodies.large, headers, true);
  await expect
    .poll(async () => (await ask("/social/x", { "Accept-Encoding": "br" })).headers["content-encoding"], {
      timeout: 10_000,
    })
    .toBe("br");
});

it("gives answers as they are while very many are packed as they come", async () => {
  const all: IncomingMessage[] = [];
  const done = Promise.withResolvers<void>();
  app = async (request, response) => {
    all.push(request);
    response.writeHead(200, { "Content-Type": "text/plain" }).write("begun ");
    await done.promise;
    response.end(bodies.large);
  };
  const asked = Array.from({ length: 210 }, () =>
    fetch(`${plain.origin}/queue/x`, { headers: { "Accept-Encoding": "gzip" } }),
  );
  const answers = await Promise.all(asked);
  const packed = answers.filter((answer) => answer.headers.get("content-encoding") === "gzip");
  expect(all.length).toBe(210);
  expect(packed.length).toBeLessThanOrEqual(200);
  expect(packed.length).toBeGreaterThan(150);
  done.resolve();
  for (const answer of answers) expect((await answer.text()) === `begun ${bodies.large}`).toBe(true);
});
