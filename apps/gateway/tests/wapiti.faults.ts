import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, startMounted } from "./harness/installation.ts";
import { fetchDocument, type OpenApiDocument, type Operation, operationsOf, pathOf } from "./harness/operations.ts";
import { logIn, type Person } from "./harness/person.ts";
import { scanTarget } from "./harness/scan-target.ts";
import { seenIn } from "./harness/seen-routes.ts";
import { signedInFront } from "./harness/signed-in-front.ts";
import { type Finding, scan, told } from "./harness/wapiti.ts";

const attacks = ["sql", "blindsql", "xss", "permanentxss", "exec", "file", "crlf", "xxe", "ssrf", "redirect"].concat(
  "shellshock",
  "htaccess",
);
/** Not `backup`: in Wapiti 3.0.4 it breaks down over addresses that it makes itself. */
const pageChecks = ["http_headers", "cookieflags", "csp", "csrf", "methods"];

/** A scan takes as long as it takes; a quiet machine needs some ten minutes for each. */
const limitMs = 7_200_000;

/** What Wapiti tells of pages that are as they should be. */
const expected: { finding: RegExp; request?: RegExp; because: string }[] = [
  {
    finding:
      /^Cross Site Request Forgery: Lack of anti CSRF token \S* POST \/auth\/(?:sign-in|sign-up|forgotten|new-password)$/,
    because:
      "a form of another site is known by Sec-Fetch-Site and Origin, not by a token (browser/site.ts of packages/auth)",
  },
  {
    finding: /^Cross Site Request Forgery: Lack of anti CSRF token/,
    request: /(?:^|&)form_token=[\w-]{43}(?:&|$)/m,
    because: "there is one; Wapiti knows tokens by some names alone",
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
  return findings.filter((one) => {
    const line = `${one.category}: ${one.info} ${one.parameter} ${one.method} ${one.path}`;
    return !expected.some(({ finding, request }) => finding.test(line) && (request?.test(one.http_request) ?? true));
  });
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
async function somethingOfEach({ staff, plain, other }: Installation): Promise<Record<string, Record<string, string>>> {
  const property = { address: "1 Main St", city: "pereira", price: 1, description: "", year: 2019, status: "en_venta" };
  const made = await Promise.all([
    staff.post("/properties", property),
    staff.post("/directory/users", { firstName: "Ada", lastName: "Byron", email: "ada@example.com", bio: "" }),
    plain.post("/social/posts", { title: "First", content: "A post" }),
    staff.post("/auth/clients", { name: "Scanned", scope: "all" }),
    staff.put("/queue/queues/scanned", {}),
  ]);
  const ids = made.map((answer) => {
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.text}`);
    return `${answer.json().id ?? answer.json<{ post?: { id: unknown } }>().post?.id ?? "1"}`;
  });
  const [properties = "1", directory = "1", social = "1", client = "1"] = ids;
  return {
    properties: { id: properties },
    directory: { id: directory },
    social: { id: social, postId: social },
    auth: { id: `${other.id}` },
    clients: { id: client },
  };
}

/** Where a scan starts from; what it deletes is nothing that another call needs. */
function valuesOf({ template, method }: Operation): Record<string, string> {
  const values = { table: "jobs", id: "1", name: "scanned", year: "2021", limit: "10", q: "a" };
  if (method === "DELETE") return { ...values, id: "999999", name: "nothing" };
  const about = template.includes("/clients/") ? "clients" : template.split("/")[1];
  return { ...values, ...known[about ?? ""] };
}

/** Fails when a scan is over and the log has no line, from this place on, of one of these routes that was answered as it should. */
async function expectSeen(
  from: number,
  operations: Operation[],
  right: (status: number, operation: Operation) => boolean,
): Promise<void> {
  const missed = () => {
    const seen = seenIn(quintet.output().slice(from));
    return operations
      .filter((one) => !seen.get(one.name)?.some((status) => right(status, one)))
      .map(({ name }) => name);
  };
  // Lines come a moment after their answers.
  await expect.poll(missed, { timeout: 60_000, interval: 1000 }).toEqual([]);
}

test.each(["nobody", "plain", "staff"] as const)(
  "every documented operation, called by %s, is attacked without a finding",
  async (who) => {
    const operations = operationsOf(document);
    const authorize = who === "nobody" ? async () => ({}) : signedIn(quintet[who]);
    const from = quintet.output().length;
    await using target = await scanTarget(quintet.origin, document, operations, authorize, valuesOf);
    const findings = await scan(target.url, attacks);
    const health = await quintet.anyone.get("/health");
    expect([health.status, told(findings), [...target.faults]]).toEqual([200, "", []]);
    // Every route was reached; staff got past the guard of each, and is still signed in. Forms refuse whoever is not their page.
    const isLetIn = (status: number) => status !== 401 && status !== 403;
    await expectSeen(from, operations, (status, one) => who !== "staff" || answersPage(one) || isLetIn(status));
    if (who !== "nobody") expect((await quintet.anyone.with(await authorize()).get("/auth/me")).status).toBe(200);
  },
  limitMs,
);

function answersPage({ template, method }: Operation): boolean {
  return JSON.stringify(document.paths[template]?.[method.toLowerCase()]).includes('"text/html"');
}

/** Pages that are there for whoever brings a link of a mail, or comes from a client. */
const needsMore = /^GET \/auth\/(?:new-password|authorize)$/;

/** Where something starts that ends the scanner's own sign-in or rights. */
const endsTheScan = /^POST \/auth\/(?:sign-out|account\/sessions|staff\/accounts\/\d+\/(?:deactivate|end-sessions))/;

test.each(["nobody", "staff"] as const)(
  "every page, seen by %s, is crawled, its forms attacked and its headers read without a finding",
  async (who) => {
    const pages = operationsOf(document).filter((one) => one.method === "GET" && answersPage(one));
    const from = quintet.output().length;
    const cookies = who === "nobody" ? async () => "" : signedInCookies(quintet[who]);
    await using front = await signedInFront(quintet.origin, cookies, endsTheScan);
    const start = pages.map((page) => front.origin + pathOf(page, valuesOf(page)));
    const findings = await scan(`${front.origin}/`, [...attacks, ...pageChecks], start);
    const health = await quintet.anyone.get("/health");
    expect([health.status, told(surprising(findings)), [...front.faults]]).toEqual([200, "", []]);
    await expectSeen(from, pages, (status, { name }) => who === "nobody" || status === 200 || needsMore.test(name));
  },
  limitMs,
);

/** What `make` gives, made anew when it is older than five minutes: access tokens hold for fifteen. */
function renewing<T>(make: () => Promise<T>): () => Promise<T> {
  let current: { at: number; made: Promise<T> } | undefined;
  return () => {
    if (!current || Date.now() - current.at > 300_000) current = { at: Date.now(), made: make() };
    return current.made;
  };
}

/** Where people sign in from. The scanner's address may not after a while, for it guesses passwords. */
const elsewhere = { "X-Forwarded-For": "198.51.100.7" };

function signedIn({ origin, username, password }: Person): () => Promise<Record<string, string>> {
  return renewing(async () => (await logIn(origin, username, password, elsewhere)).headers);
}

/** The cookies of a browser in which the person has signed in. */
function signedInCookies({ origin, username, password }: Person): () => Promise<string> {
  return renewing(async () => {
    const body = new URLSearchParams({ username, password });
    const answer = await fetch(`${origin}/auth/sign-in`, {
      method: "POST",
      body,
      headers: { origin, ...elsewhere },
      redirect: "manual",
    });
    const given = answer.headers.getSetCookie().map((cookie) => cookie.slice(0, cookie.indexOf(";")));
    if (given.length === 0) throw new Error(`${username} cannot sign in: ${answer.status}`);
    return given.join("; ");
  });
}
