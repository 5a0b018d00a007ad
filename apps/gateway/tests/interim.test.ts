import type { IncomingHttpHeaders } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { until } from "@quintet/http/testing";
import { afterAll, describe, expect, it } from "vitest";
import { certificates } from "./certificate.ts";
import { behind, edge } from "./edge.ts";
import { rawUpstream } from "./raw-upstream.ts";

const made = certificates();
afterAll(() => made[Symbol.dispose]());

const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const get = (version = "1.1", more = "") =>
  `GET /queue/x HTTP/${version}\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;
const interim = [
  "HTTP/1.1 102 Processing\r\nX-Step: 1\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Hint: 2\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nX-Hint: 3\r\n\r\n",
  "HTTP/1.1 104 Upload Resumption Supported\r\nUpload-Draft-Interop-Version: 8\r\nConnection: X-Own\r\nX-Own: 1\r\n\r\n",
  "HTTP/1.1 199 Own\r\nX-Step: 4\r\nX-Step: 5\r\n\r\n",
];
/** What is not for the client: a 100 that it did not ask for, and the app's word that it only waits. */
const notForIt = ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\nX-Processing: waiting\r\n\r\n"];

describe("an interim response of a remote app", () => {
  it("reaches its client with its headers, over HTTP/1.1 and HTTP/2, and none over HTTP/1.0", async () => {
    await using app = await rawUpstream((socket) => socket.write([...interim, ...notForIt, whole].join("")));
    await using front = await edge([app.origin], { holdMs: 0 });
    const heads = (await front.send(get())).split("\r\n\r\n");
    expect(heads.slice(0, -2)).toEqual([
      "HTTP/1.1 102 Processing\r\nX-Step: 1",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Hint: 2",
      "HTTP/1.1 103 Early Hints\r\nX-Hint: 3",
      expect.stringMatching(/^HTTP\/1\.1 104 .*\r\nUpload-Draft-Interop-Version: 8$/),
      expect.stringMatching(/^HTTP\/1\.1 199 .*\r\nX-Step: 4\r\nX-Step: 5$/),
    ]);
    expect(heads.at(-2)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await front.send(get("1.0"))).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);

    await using secure = await edge([app.origin], { holdMs: 0, tls: made.make("interim") });
    const session = connectHttp2(`https://127.0.0.1:${secure.listening.port}`, { rejectUnauthorized: false });
    const stream = session.request({ ":path": "/queue/x" });
    const seen: IncomingHttpHeaders[] = [];
    stream.on("headers", (headers) => seen.push(headers));
    expect((await stream.toArray()).join("")).toBe("ok");
    session.destroy();
    expect(seen.map((headers) => [headers[":status"], headers["x-step"] ?? headers["x-hint"]])).toEqual([
      [102, "1"],
      [103, "2"],
      [103, "3"],
      [104, undefined],
      [199, "4, 5"],
    ]);
  });

  it("is none of a client's that asked as a gateway asks", async () => {
    await using app = await rawUpstream((socket) => socket.write(notForIt.join("") + whole));
    await using front = await edge([app.origin], { holdMs: 0 });
    expect(await front.send(get("1.1", "X-Accept-Processing: 1\r\n"))).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("Via", () => {
  it("names the gateway after those that a request came through before, with the version that it came in", async () => {
    const seen: (string | undefined)[] = [];
    await using app = await behind((req, res) => {
      seen.push(req.headers.via);
      res.end();
    });
    await using front = await edge([app.origin], { via: "quintet-a" });
    await fetch(`${front.origin}/queue/x`);
    await fetch(`${front.origin}/queue/x`, { headers: { Via: "2 fred, 1.1 nowhere.com (Apache, 1.1)" } });
    await front.send(get("1.0"));
    await using secure = await edge([app.origin], { via: "quintet-b", tls: made.make("via") });
    const session = connectHttp2(`https://127.0.0.1:${secure.listening.port}`, { rejectUnauthorized: false });
    await session.request({ ":path": "/queue/x" }).toArray();
    session.destroy();
    expect(seen).toEqual([
      "1.1 quintet-a",
      "2 fred, 1.1 nowhere.com (Apache, 1.1), 1.1 quintet-a",
      "1.0 quintet-a",
      "2 quintet-b",
    ]);
  });

  it.each(["GET", "POST", "a handshake"])(
    "shows that a target is the gateway itself: %s is a 508 at once",
    async (how) => {
      // Its own port is known only when it listens; what stands before it on the way says nothing and passes all on.
      let own = "";
      let passed = 0;
      await using proxy = await rawUpstream((socket, text) => {
        passed++;
        void front
          .send(text.replace(/Connection: .*\r\n/i, "").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
          .then((response) => socket.end(response, "latin1"));
        own = front.origin;
      });
      await using front = await edge([proxy.origin], { holdMs: 0 });
      const head = how === "a handshake" ? get("1.1").replace("close", "Upgrade\r\nUpgrade: websocket") : get();
      const text = await front.send(how === "POST" ? head.replace("GET", "POST") : head);
      expect(text).toMatch(/^HTTP\/1\.1 508 Loop Detected\r\n.*application\/problem\+json/s);
      expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({
        status: 508,
        type: "urn:quintet:problem:loop-detected",
      });
      expect([passed, own]).toEqual([1, front.origin]);
    },
  );

  it("lets pass what another gateway sends", async () => {
    await using app = await behind((_req, res) => res.end("served"));
    await using inner = await edge([app.origin], { via: "quintet-inner" });
    await using outer = await edge([inner.origin], { via: "quintet-outer" });
    await until(() => inner.origin !== "");
    expect(await (await fetch(`${outer.origin}/queue/x`)).text()).toBe("served");
  });
});
