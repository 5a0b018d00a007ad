import type { IncomingMessage, ServerResponse } from "node:http";
import { type Logger, trustedProxies } from "@quintet/http";
import { expect, it } from "vitest";
import { withUntrustedProxyWarning } from "./untrusted-proxy.ts";

const trusted = trustedProxies("10.1.0.7");

function warningsFor(requests: [address: string, headers: Record<string, string>][]): string[] {
  const warnings: string[] = [];
  let passed = 0;
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Logger;
  const listener = withUntrustedProxyWarning(() => void passed++, trusted, log);
  for (const [remoteAddress, headers] of requests) {
    listener(
      { socket: { remoteAddress }, headers } as unknown as IncomingMessage,
      {} as ServerResponse<IncomingMessage>,
    );
  }
  expect(passed).toBe(requests.length);
  return warnings;
}

it("warns once about an untrusted proxy in a private network, with its address", () => {
  const forwarded = { "x-forwarded-for": "203.0.113.9" };
  expect(
    warningsFor([
      ["::ffff:10.1.0.8", forwarded],
      ["10.1.0.9", forwarded],
    ]),
  ).toEqual([expect.stringContaining("10.1.0.8 is ignored")]);
});

it.each([
  ["10.1.0.7", { "x-forwarded-for": "203.0.113.9" }],
  ["203.0.113.1", { "x-forwarded-for": "203.0.113.9" }], // Anybody may send that.
  ["10.1.0.8", {}],
] as [string, Record<string, string>][])("does not for %s with %j", (address, headers) => {
  expect(warningsFor([[address, headers]])).toEqual([]);
});
