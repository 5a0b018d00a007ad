import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Installation } from "../harness/installation.ts";
import { fetchDocument } from "../harness/operations.ts";
import { secretMark } from "../harness/test-settings.ts";

interface Line {
  "service.name": string;
  "process.pid": number;
  http?: { request: { id: string; method: string }; response?: { status_code: number } };
  url?: { path: string };
  labels?: { route: string };
  trace?: { id: string };
  upstream?: { name: string; target?: string; connected_ms?: number; first_byte_ms?: number; ended_ms?: number };
}

const madeHere = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Comes last: looks at everything that was logged while the other tests ran. */
export function logs(quintet: Installation): void {
  const lines = () => quintet.output().trim().split("\n");
  const requests = () =>
    lines()
      .map((line) => JSON.parse(line) as Line)
      .filter((line) => line.http?.response && line.url);

  it("logs one ECS line of JSON per event, and no secret, wherever one was sent", async () => {
    const secret = `${secretMark}${randomUUID()}`;
    const last = randomUUID();
    const { anyone, plain } = quintet;
    const basic = `Basic ${Buffer.from(`plain:${secret}`).toString("base64")}`;
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    const forms = [
      `grant_type=password&username=plain&password=${secret}`,
      `grant_type=refresh_token&refresh_token=${secret}`,
      `grant_type=client_credentials&client_id=x&client_secret=${secret}`,
      `grant_type=authorization_code&client_id=x&code=${secret}&code_verifier=${secret}`,
    ];
    for (const body of forms) await anyone.post("/auth/token", body, { headers: form });
    for (const path of ["/auth/me", "/queue/count", "/nothing"]) {
      await anyone.with({ Authorization: basic }).get(path);
      await anyone.with({ Authorization: `Bearer ${secret}` }).get(path);
      await anyone.with({ Cookie: `quintet=${secret}; session=${secret}`, "X-Api-Key": secret }).get(path);
      await plain.with({ "Idempotency-Key": secret }).get(`${path}?access_token=${secret}&password=${secret}`);
    }
    await anyone.get(`/auth/forgotten?token=${secret}`);
    await anyone.post("/auth/reset", { token: secret, newPassword: secret });
    await anyone.post("/auth/register", { username: "x", email: secret, password: secret });
    await anyone.with({ "X-Request-Id": last }).get("/health");
    await expect.poll(() => quintet.output().includes(last), { timeout: 10_000 }).toBe(true);

    expect(lines().length).toBeGreaterThan(10);
    for (const line of lines()) {
      expect(JSON.parse(line)).toMatchObject({ "@timestamp": expect.any(String), "log.level": expect.any(String) });
    }
    const secrets = new RegExp(
      `${secretMark}|${basic}|eyJ[\\w-]{20,}|Basic [\\w+/=]{12,}|\\$argon2|BEGIN PRIVATE KEY|(?:mysql|postgres|postgresql|redis)://[^"@]*@`,
    );
    expect(lines().filter((line) => secrets.test(line))).toEqual([]);
  });

  describe("the line of a request", () => {
    it("is one in each process that it went through", () => {
      const seen = new Map<string, number>();
      for (const line of requests().filter(({ http }) => madeHere.test(http?.request.id ?? ""))) {
        const key = `${line["process.pid"]} ${line.http?.request.id} ${line.url?.path}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      expect(seen.size).toBeGreaterThan(100);
      expect([...seen].filter(([, count]) => count > 1)).toEqual([]);
    });

    it("names the pattern of the route and not of a middleware or a neighbour, in every app", async () => {
      const { paths } = await fetchDocument(quintet.anyone, "/openapi.json");
      const wrong = requests().filter(({ labels, url, upstream, http }) => {
        if (upstream || labels?.route === "none") return false;
        const pattern = labels?.route.split("/") ?? [];
        const path = url?.path.split("/") ?? [];
        const method = http?.request.method.toLowerCase() ?? "";
        if (url && paths[url.path]?.[method] && labels?.route !== url.path) return true;
        return pattern.length !== path.length || !pattern.every((part, i) => part.startsWith(":") || part === path[i]);
      });
      expect(wrong.slice(0, 3)).toEqual([]);
      for (const app of [...quintet.apps, "auth"]) {
        const routes = new Set(requests().flatMap(({ labels }) => (labels ? [labels.route] : [])));
        const own = [...routes].filter((route) => route.startsWith(`/${app}/`) && !route.endsWith("*"));
        expect(own.length, app).toBeGreaterThan(3);
        expect(own.length, app).toBeLessThan(100);
      }
    });

    it("tells of the app behind the gateway, whose own line has the same id and trace", async () => {
      const passed = requests().filter(
        ({ upstream, http }) => upstream?.ended_ms && madeHere.test(http?.request.id ?? ""),
      );
      for (const { upstream, trace } of passed) {
        const { connected_ms: connected = -1, first_byte_ms: first = -1, ended_ms: ended = -1 } = upstream ?? {};
        expect(connected).toBeGreaterThanOrEqual(0);
        expect(first).toBeGreaterThanOrEqual(connected);
        expect(ended).toBeGreaterThanOrEqual(first);
        expect(upstream?.target).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
        expect(trace?.id).toMatch(/^[0-9a-f]{32}$/);
      }
      // The app's own line may come later than the gateway's.
      const withoutOwn = () => {
        const own = requests().filter(({ upstream }) => !upstream);
        const traces = new Map(own.map(({ http, trace }) => [http?.request.id, trace?.id]));
        return passed.filter(({ http, trace }) => traces.get(http?.request.id) !== trace?.id);
      };
      await expect.poll(withoutOwn, { timeout: 10_000 }).toEqual([]);
    });
  });
}
