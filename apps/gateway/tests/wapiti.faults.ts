import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, startMounted } from "./harness/installation.ts";
import { fetchDocument, type OpenApiDocument, type Operation, operationsOf } from "./harness/operations.ts";
import { logIn, type Person } from "./harness/person.ts";
import { scanTarget } from "./harness/scan-target.ts";
import { type Finding, scan, told } from "./harness/wapiti.ts";

/** How long each of Wapiti's modules may attack; `QUINTET_SCAN_SECONDS` makes it shorter or longer. */
const seconds = Number(process.env.QUINTET_SCAN_SECONDS ?? 240);
const attacks = ["sql", "blindsql", "xss", "permanentxss", "exec", "file", "crlf", "xxe", "ssrf", "redirect"].concat(
  "shellshock",
  "htaccess",
);
/** Not `backup`: in Wapiti 3.0.4 it breaks down over addresses that it makes itself. */
const pageChecks = ["http_headers", "cookieflags", "csp", "csrf", "methods"];

/** What Wapiti tells of pages that are as they should be. */
const expected: { finding: RegExp; because: string }[] = [
  {
    finding:
      /^Cross Site Request Forgery: Lack of anti CSRF token \S* POST \/auth\/(?:sign-in|sign-up|forgotten|new-password)$/,
    because:
      "a form of another site is known by Sec-Fetch-Site and Origin, not by a token (browser/site.ts of packages/auth)",
  },
  {
    finding: /^HTTP Secure Headers: X-XSS-Protection is not set/,
    because: "browsers have dropped it for the Content-Security-Policy, which is set",
  },
  {
    finding: /^HTTP Secure Headers: Strict-Transport-Security is not set/,
    because: "it holds over TLS only (RFC 6797 section 7.2), and this scan is of plain HTTP",
  },
  {
    finding: /^Secure Flag cookie: Secure flag is not set in the cookie : quintet(?:-access)? /,
    because: "over TLS the cookies have it and other names; this scan is of plain HTTP",
  },
];
/** The findings but for those that are expected. */
function surprising(findings: Finding[]): Finding[] {
  const isKnown = (line: string) => expected.some(({ finding }) => finding.test(line));
  return findings.filter((one) => !isKnown(`${one.category}: ${one.info} ${one.parameter} ${one.method} ${one.path}`));
}

let quintet: Installation;
let document: OpenApiDocument;
let known: Record<string, Record<string, string>>;
beforeAll(async () => {
  quintet = await startMounted();
  document = await fetchDocument(quintet.anyone, "/openapi.json");
  known = await somethingOfEach(quintet);
}, 120_000);
afterAll(() => quintet[Symbol.asyncDispose]());

/** What each app is asked for, so that a call goes further than to a 404. */
async function somethingOfEach({ staff, plain }: Installation): Promise<Record<string, Record<string, string>>> {
  const property = { address: "1 Main St", city: "pereira", price: 1, description: "", year: 2019, status: "en_venta" };
  const made = await Promise.all([
    staff.post("/properties", property),
    staff.post("/directory/users", { firstName: "Ada", lastName: "Byron", email: "ada@example.com", bio: "" }),
    plain.post("/social/posts", { title: "First", content: "A post" }),
    staff.put("/queue/queues/scanned", {}),
  ]);
  const ids = made.map((answer) => {
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return `${answer.json().id ?? answer.json<{ post?: { id: unknown } }>().post?.id ?? "1"}`;
  });
  const [properties = "1", directory = "1", social = "1"] = ids;
  return { properties: { id: properties }, directory: { id: directory }, social: { id: social, postId: social } };
}

/** Where a scan starts from; what it deletes is nothing that another call needs. */
function valuesOf({ template, method }: Operation): Record<string, string> {
  const values = { table: "jobs", id: "1", name: "scanned", year: "2021", limit: "10", q: "a" };
  if (method === "DELETE") return { ...values, id: "999999", name: "nothing" };
  return { ...values, ...known[template.split("/")[1] ?? ""] };
}

/** These end the session or the rights with which the others are scanned. */
const endsTheScan = /^(?:DELETE \/auth\/(?:me|sessions)|POST \/auth\/(?:sign-out|sessions))/;
/** These answer with a stream that does not end. */
function streams(operation: Operation): boolean {
  const described = document.paths[operation.template]?.[operation.method.toLowerCase()];
  return operation.method === "GET" && JSON.stringify(described).includes("text/event-stream");
}

test.each(["nobody", "plain", "staff"] as const)(
  "every documented operation, called by %s, is attacked without a finding",
  async (who) => {
    const operations = operationsOf(document).filter((one) => !endsTheScan.test(one.name) && !streams(one));
    await using target = await scanTarget(
      quintet.origin,
      document,
      operations,
      who === "nobody" ? async () => ({}) : signedIn(quintet[who]),
      valuesOf,
    );
    const { findings } = await scan(target.url, attacks, seconds);
    const health = await quintet.anyone.get("/health");
    expect([health.status, told(findings), [...target.faults]]).toEqual([200, "", []]);
    expect(operations.map(({ name }) => name).filter((name) => !target.calls.has(name))).toEqual([]);
  },
  7_200_000,
);

test("every page is crawled, its forms attacked and its headers read without a finding", async () => {
  const { origin, anyone } = quintet;
  const pages = operationsOf(document).filter((one) => one.method === "GET" && !one.template.includes("{"));
  const start = pages.filter((one) => !streams(one)).map(({ template }) => origin + template);
  const { findings } = await scan(`${origin}/`, [...attacks, ...pageChecks], seconds, start);
  const health = await anyone.get("/health");
  expect([health.status, told(surprising(findings))]).toEqual([200, ""]);
}, 7_200_000);

/** The person's credentials, with an access token that is never close to its end. */
function signedIn(person: Person): () => Promise<Record<string, string>> {
  const renewMs = 300_000;
  let current: { at: number; headers: Promise<Record<string, string>> } | undefined;
  return () => {
    if (!current || Date.now() - current.at > renewMs) {
      const fresh = logIn(person.origin, person.username, person.password);
      current = { at: Date.now(), headers: fresh.then(({ headers }) => headers) };
    }
    return current.headers;
  };
}
