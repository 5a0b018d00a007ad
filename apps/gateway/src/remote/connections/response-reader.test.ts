import { describe, expect, it } from "vitest";
import { InvalidResponse } from "./field-lines.ts";
import { ResponseReader } from "./response-reader.ts";

/** All events of a response that arrives in these pieces, with the body joined. */
function read(pieces: Buffer[], options: { method?: string; closed?: boolean; offers?: boolean } = {}) {
  const reader = new ResponseReader();
  const events: unknown[] = [];
  let body = "";
  reader.expect(
    {
      onInterim: (status, headers) => events.push({ status, headers }),
      onHead: (head) => events.push(head),
      onData: (part) => {
        body += part.toString("latin1");
      },
      onSwitch: (headers) => events.push({ switched: headers }),
      onEnd: (trailers) => events.push({ body, trailers }),
    },
    options.method ?? "GET",
    options.offers,
  );
  for (const piece of pieces) reader.read(piece);
  if (options.closed) reader.end();
  return { events, reusable: reader.reusable && reader.complete };
}

const answers: Record<string, { text: string; method?: string; closed?: boolean; offers?: boolean }> = {
  "a length": { text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello" },
  "no body": { text: "HTTP/1.1 204 No Content\r\n\r\n" },
  "a HEAD": { text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD" },
  "chunks and trailers": {
    text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\nX-Sum: 9\r\n\r\n",
  },
  "interim answers": {
    text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  },
  "until the end": { text: "HTTP/1.0 200 OK\r\n\r\nabc", closed: true },
  "another protocol, as offered": {
    text: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\nHTTP/1.1 \r\n\r\n",
    closed: true,
    offers: true,
  },
  "headers of this hop": {
    text: "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Own\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
  },
};

describe("ResponseReader", () => {
  it.each(Object.entries(answers))("reads %s the same in whatever pieces it comes", (_name, { text, ...options }) => {
    const bytes = Buffer.from(text, "latin1");
    const whole = read([bytes], options);
    expect(whole).toMatchSnapshot();
    for (let at = 1; at < bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)], options)).toEqual(whole);
    }
    expect(
      read(
        [...bytes].map((byte) => Buffer.from([byte])),
        options,
      ),
    ).toEqual(whole);
  });

  it.each([
    ["both framings", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
    ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc"],
    ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    ["bad chunk sizes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"],
    ["a chunk that is too long", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
    ["a folded header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"],
    ["a bare line feed", "HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n"],
    ["no status line", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["an unasked switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
    ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}`],
  ])("refuses %s", (_name, text) => {
    expect(() => read([Buffer.from(text, "latin1")])).toThrow(InvalidResponse);
  });

  it("does not use a connection again on which more came than was promised", () => {
    const { events, reusable } = read([
      Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n"),
    ]);
    expect(events.at(-1)).toEqual({ body: "ab", trailers: [] });
    expect(reusable).toBe(false);
  });

  it("tells when an answer ends too early", () => {
    expect(() => read([Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")], { closed: true })).toThrow(
      InvalidResponse,
    );
  });
});
