import { trustedProxies } from "@quintet/http";
import { describe, expect, test } from "vitest";
import { siteAt } from "./site.ts";

const proxies = trustedProxies("127.0.0.1");

function asked(
  method: string,
  headers: Record<string, string>,
  socket: { encrypted?: boolean; remoteAddress?: string } = { remoteAddress: "127.0.0.1" },
) {
  return { env: { incoming: { socket } }, req: { method, header: (name: string) => headers[name] } };
}

describe("a browser speaks TLS", () => {
  test.each([
    ["the public URL says so", "https://q.example", {}, {}, true],
    ["the socket is encrypted", "http://q.example", {}, { encrypted: true }, true],
    [
      "a trusted proxy says so",
      "http://q.example",
      { "x-forwarded-proto": "https" },
      { remoteAddress: "127.0.0.1" },
      true,
    ],
    [
      "the last proxy says so",
      "http://q.example",
      { "x-forwarded-proto": "http, https" },
      { remoteAddress: "127.0.0.1" },
      true,
    ],
    [
      "the client says so",
      "http://q.example",
      { "x-forwarded-proto": "https, http" },
      { remoteAddress: "127.0.0.1" },
      false,
    ],
    ["a stranger says so", "http://q.example", { "x-forwarded-proto": "https" }, { remoteAddress: "192.0.2.1" }, false],
    ["nobody says so", "http://q.example", {}, {}, false],
  ] as const)("when %s", (_, url, headers, socket, secure) => {
    expect(siteAt(url, proxies).isSecure(asked("GET", headers, socket))).toBe(secure);
  });
});

describe("a request comes", () => {
  test.each([
    ["same-origin", { "sec-fetch-site": "same-origin" }],
    ["same-origin", { "sec-fetch-site": "same-origin", origin: "https://q.example" }],
    ["same-origin", { origin: "https://q.example" }],
    ["cross-origin", { origin: "https://inner.example:8443" }],
    ["cross-origin", { "sec-fetch-site": "same-origin", origin: "https://inner.example:8443" }],
    ["cross-origin", { "sec-fetch-site": "same-origin", origin: "http://localhost" }],
    ["cross-origin", { origin: "https://q.example.evil.example" }],
    ["cross-origin", { origin: "http://q.example" }],
    ["cross-origin", { origin: "null" }],
    ["cross-origin", { "sec-fetch-site": "cross-site", origin: "https://q.example" }],
    ["cross-origin", { "sec-fetch-site": "same-origin", origin: "https://evil.example" }],
    ["cross-origin", { "sec-fetch-site": "none" }],
    ["unknown", {}],
  ] as const)("from %s with %j", (from, headers) => {
    const request = asked("POST", { host: "inner.example:8443", ...headers });
    const site = siteAt("https://q.example", proxies);
    expect(site.requestOrigin(request)).toBe(from);
    expect(site.trustsCookies(request)).toBe(from === "same-origin");
  });
});

describe("a request to a site on this machine comes", () => {
  test.each([
    ["same-origin", { origin: "http://localhost:8080" }],
    ["same-origin", { origin: "http://127.0.0.1:8080" }],
    ["same-origin", { origin: "http://[::1]:8080", "sec-fetch-site": "same-origin" }],
    ["same-origin", { origin: "http://127.0.0.1:9000", "sec-fetch-site": "same-origin" }],
    ["cross-origin", { origin: "http://127.0.0.1:9000", "sec-fetch-site": "same-site" }],
    ["cross-origin", { origin: "http://127.0.0.1:9000" }],
    ["cross-origin", { origin: "http://localhost.evil.example:8080", "sec-fetch-site": "same-origin" }],
    ["cross-origin", { origin: "http://rebound.example:8080", "sec-fetch-site": "same-origin" }],
    ["cross-origin", { origin: "null", "sec-fetch-site": "same-origin" }],
  ] as const)("from %s with %j", (from, headers) => {
    const request = asked("POST", { host: "rebound.example:8080", ...headers });
    expect(siteAt("http://localhost:8080", proxies).requestOrigin(request)).toBe(from);
  });
});
