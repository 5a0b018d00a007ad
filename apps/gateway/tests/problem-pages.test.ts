import { afterAll, describe, expect, it } from "vitest";
import { type Answer, Client } from "./harness/client.ts";
import { startAlone, startBoth } from "./harness/installation.ts";
import { expectProblem } from "./harness/problem.ts";

const both = await startBoth();
const alone = await startAlone("queue");
afterAll(async () => {
  await alone[Symbol.asyncDispose]();
  await both[Symbol.asyncDispose]();
});

const installations = { mounted: both.mounted, "behind HTTP": both.behindHttp, alone };

/** One problem of each kind, on a route for programs of each app; with the status that a program gets. */
const problems: [name: string, method: string, path: string, status: number][] = [
  ["gateway: nothing there", "GET", "/nothing", 404],
  ["gateway: another method", "DELETE", "/openapi.json", 405],
  ["gateway: two readings of a path", "GET", "/queue//count", 400],
  ["gateway: a long URL", "GET", `/${"x".repeat(9000)}`, 414],
  ["auth: no account", "GET", "/auth/me", 401],
  ["auth: nothing there", "GET", "/auth/nothing", 404],
  ["properties: no account", "GET", "/properties", 401],
  ["properties: no account to send with", "POST", "/properties", 401],
  ["properties: nothing there", "GET", "/properties/a/b/c", 404],
  ["ingest: no account", "GET", "/ingest/tables", 401],
  ["ingest: another method", "PATCH", "/ingest/jobs", 405],
  ["directory: no such user", "GET", "/directory/users/999999", 404],
  ["directory: a bad number", "GET", "/directory/users?limit=x", 400],
  ["directory: no account to send with", "POST", "/directory/users", 401],
  ["queue: no account", "GET", "/queue/count", 401],
  ["queue: an unknown parameter", "GET", "/queue/health?color=red", 400],
  ["queue: another method", "PUT", "/queue/count", 405],
  ["social: no account", "GET", "/social/posts", 401],
  ["social: no body", "POST", "/social/users", 422],
];

const programs: Record<string, string>[] = [
  {},
  { Accept: "*/*" },
  { Accept: "application/json" },
  { Accept: "application/json, text/html;q=0.9" },
];
const browser = { Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8" };
const fixed = { "X-Request-Id": "same", Host: "quintet.test" };

function shown(answer: Answer) {
  const headers: string[] = [];
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    const [name = "", value = ""] = [answer.rawHeaders[i]?.toLowerCase(), answer.rawHeaders[i + 1]];
    if (name !== "date") headers.push(`${name}: ${value}`);
  }
  return { status: answer.status, headers: headers.sort(), text: answer.text };
}

describe.each(Object.entries(installations))("%s", (way, { origin }) => {
  const own = problems.filter(([, , path]) => way !== "alone" || /^\/(?:queue|auth)/.test(path));

  it.each(own)("%s: a program gets the problem as it is", async (_, method, path, status) => {
    const answers = programs.map((headers) => new Client(origin, { ...fixed, ...headers }).send(method, path));
    const [first, ...others] = (await Promise.all(answers)).map(shown);
    expect(first?.status).toBe(status);
    expect(first?.headers).toContain("content-type: application/problem+json");
    expect(
      first?.headers.filter((header) => /^(?:vary|cache-control|set-cookie|content-security)/.test(header)),
    ).toEqual([]);
    expectProblem((await answers[0]) as Answer, status);
    for (const other of others) expect(other).toEqual(first);
  });

  it.each(own)("%s: with credentials also when it takes HTML", async (_, method, path) => {
    if (path === "/properties" || path.startsWith("/directory/users")) return; // A route that has pages, which browsers with Basic credentials may see.
    const Authorization = "Bearer none";
    const [asBrowser, asProgram] = await Promise.all(
      [browser, {}].map((headers) => new Client(origin, { ...fixed, ...headers, Authorization }).send(method, path)),
    );
    expect(shown(asBrowser as Answer)).toEqual(shown(asProgram as Answer));
  });

  it.each(own)("%s: a browser gets a page, or the way to the sign-in and back", async (_, method, path, status) => {
    const answer = await new Client(origin, { ...fixed, ...browser }).send(method, path);
    expect([answer.headers["cache-control"], answer.headers.vary]).toEqual(["no-store", "Accept"]);
    expect(answer.headers["www-authenticate"] ?? "").not.toContain("Basic");
    if (status === 401 && method === "GET") {
      expect([answer.status, answer.headers.location]).toEqual([303, `/auth/sign-in?next=${encodeURIComponent(path)}`]);
      return;
    }
    expect([answer.status, answer.headers["content-type"]]).toEqual([status, "text/html; charset=UTF-8"]);
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.text).toContain('aria-label="Quintet"');
    expect(answer.text).toMatch(/<h1>[A-Z]/);
    for (const [, link = ""] of answer.text.matchAll(/(?:src|href)="([^"#]+)"/g)) {
      const led = await new Client(origin).get(link.replaceAll("&amp;", "&"));
      expect([200, 303, 307, 401], link).toContain(led.status);
    }
  });
});

// Last, since it stays away.
describe("an app that cannot be reached", () => {
  it("is a page for a browser, and a problem for a program", async () => {
    const { behindHttp } = both;
    await behindHttp.stop("social");
    const ask = (headers: Record<string, string>) => new Client(behindHttp.origin, headers).get("/social/posts");
    const [page, problem] = [await ask(browser), await ask({})];
    expect([page.status, page.headers["content-type"]]).toEqual([503, "text/html; charset=UTF-8"]);
    expect(page.headers["retry-after"]).toBe(problem.headers["retry-after"]);
    expect([page.headers["cache-control"], page.headers.vary]).toEqual(["no-store", "Accept"]);
    expect([problem.status, problem.headers["content-type"]]).toEqual([503, "application/problem+json"]);
    expect(problem.headers.vary).toBeUndefined();
  });
});
