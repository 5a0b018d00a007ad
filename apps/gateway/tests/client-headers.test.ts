import { trustedProxies } from "@quintet/http";
import { describe, expect, it } from "vitest";
import { behind, edge } from "./edge.ts";

const said = {
  "X-Forwarded-For": "6.6.6.6, 10.0.0.9",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "example.org",
  "X-Forwarded-Port": "1",
  Forwarded: "for=6.6.6.6",
  "X-Real-IP": "6.6.6.6",
  "Remote-User": "admin",
  "X-User-Id": "1",
  "X-Auth-Request-Email": "admin@example.org",
  "X-Original-URL": "/queue/info",
  "X-Other": "kept",
};
const neverPassed = [
  "x-forwarded-port",
  "x-real-ip",
  "remote-user",
  "x-user-id",
  "x-auth-request-email",
  "x-original-url",
];

/** What the app of one kind hears of a client that says all of that, through a gateway that trusts these proxies. */
async function heard(path: "/queue/x" | "/social/x", proxies: string): Promise<Record<string, unknown>> {
  await using remote = await behind((req, res) => void res.end(JSON.stringify(req.headers)));
  const fetched = async (request: Request) => Response.json(Object.fromEntries(request.headers));
  const options = { trusted: trustedProxies(proxies), mounted: { fetch: fetched } };
  await using front = await edge([remote.origin], options);
  return (await (await fetch(front.origin + path, { headers: said })).json()) as Record<string, unknown>;
}

describe.each(["/queue/x", "/social/x"] as const)("an app, remote or in this process: %s", (path) => {
  it("hears nobody's word on who a client is", async () => {
    for (const proxies of ["10.0.0.0/8", "127.0.0.1, 10.0.0.0/8"]) {
      const headers = await heard(path, proxies);
      expect(neverPassed.filter((name) => name in headers)).toEqual([]);
      expect(headers["x-other"]).toBe("kept");
    }
  });

  it("hears from where a request comes by a trusted proxy only", async () => {
    const trusting = await heard(path, "127.0.0.1, 10.0.0.0/8");
    expect(trusting).toMatchObject({
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "example.org",
    });
    expect(JSON.stringify(await heard(path, "10.0.0.0/8"))).not.toMatch(/6\.6\.6\.6|example\.org/);
  });
});
