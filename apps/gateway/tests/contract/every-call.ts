import { describe, expect, it } from "vitest";
import type { Answer } from "../harness/client.ts";
import type { AppName, Installation } from "../harness/installation.ts";
import { fetchDocument, type Operation, operationsOf, pathOf } from "../harness/operations.ts";
import { expectProblem, faultsOfProblem } from "../harness/problem.ts";

/** Texts that have broken servers before, as they stand in a URL. */
const hostileTexts = [
  "' OR 1=1 -- ",
  "1; DROP TABLE auth_user; --",
  '") UNION SELECT 1,2,3 #',
  "%_\\",
  "{{7*7}}",
  "\u0000",
  "😀",
  "-1",
  "1e3",
  "NaN",
  "99999999999999999999",
  "x".repeat(3000),
]
  .map(encodeURIComponent)
  .concat("%ED%A0%80", "%FF", "%zz", "");

const json = { "Content-Type": "application/json" };

/** Bodies that no call takes, with the status that each gets. */
const uselessBodies: [number, Buffer, Record<string, string>][] = [
  [400, Buffer.from('{"a":'), json],
  [400, Buffer.from("\u0000"), json],
  [400, Buffer.alloc(0), json],
  [415, Buffer.from("a=1"), { "Content-Type": "text/plain" }],
  [413, Buffer.alloc(9 * 1024 * 1024, " "), json],
];

/** How much of the contract is tried: a second way to run what was tried whole gets every third of the hostile texts. */
export type Depth = "whole" | "third";

/** That of a second way to run; `npm run test:faults` tries it whole. */
export const secondDepth: Depth = process.env.QUINTET_FAULTS === "full" ? "whole" : "third";

/** What holds for every call, tried on each one that the app's document lists. */
export async function everyCall(quintet: Installation, app: AppName | "auth", depth: Depth): Promise<void> {
  const tried = hostileTexts.filter((_, i) => depth === "whole" || i % 3 === app.length % 3);
  const { anyone, plain, staff } = quintet;
  const operations = operationsOf(await fetchDocument(anyone, `/${app}/openapi.json`));

  /** Tries every operation that fits and lists what went wrong, by the operation's name. */
  async function faults(fits: (one: Operation) => unknown, attempt: (one: Operation) => Promise<string[]>) {
    const found: string[] = [];
    for (const one of operations.filter(fits)) {
      for (const fault of await attempt(one)) found.push(`${one.name}: ${fault}`);
    }
    return found;
  }

  describe(`every call of ${app}`, () => {
    it("asks who it is before it looks at anything else", async () => {
      const wrong = await faults(
        (one) => one.needsAccount,
        async (one) => {
          const path = `${pathOf(one, { id: "no-id", table: "no_table" })}?unknown=1`;
          const body = one.method === "GET" ? undefined : Buffer.from('{"a":');
          const answer = await anyone.send(one.method, path, body, { headers: json });
          return answer.status === 401 ? faultsOfProblem(answer) : [`${answer.status}`];
        },
      );
      expect(wrong).toEqual([]);
    });

    it("refuses credentials that are wrong", async () => {
      const target = operations.find((one) => one.needsAccount && one.method === "GET") as Operation;
      for (const authorization of [
        "Bearer x",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        `Basic ${Buffer.from("nobody:at all").toString("base64")}`,
        "Basic !",
        "Digest x",
      ]) {
        expectProblem(await anyone.with({ Authorization: authorization }).get(pathOf(target)), 401);
      }
    });

    it("takes Basic credentials as well as a token", async () => {
      const target = operations.find((one) => one.needsAccount && one.method === "GET") as Operation;
      const [bearer, basic] = [await staff.get(pathOf(target)), await staff.basic.get(pathOf(target))];
      expect([basic.status, basic.headers["content-type"]]).toEqual([bearer.status, bearer.headers["content-type"]]);
      expect(basic.status).not.toBe(401);
    });

    it("asks whether one may before it looks at the shape", async () => {
      const wrong = await faults(
        (one) => one.needsAccount,
        async (one) => {
          if ((await plain.send(one.method, pathOf(one))).status !== 403) return [];
          const path = `${pathOf(one, { id: "no-id", table: "no_table" })}?unknown=1`;
          const body = one.method === "GET" ? undefined : Buffer.from('{"a":');
          const answer = await plain.send(one.method, path, body, { headers: json });
          return answer.status === 403 ? faultsOfProblem(answer) : [`${answer.status}`];
        },
      );
      expect(wrong).toEqual([]);
    });

    it("names an unknown query parameter", async () => {
      const wrong = await faults(
        (one) => !one.ownProtocol,
        async (one) => namesFault(await staff.send(one.method, `${pathOf(one)}?unknown=1`), 400, "unknown"),
      );
      expect(wrong).toEqual([]);
    });

    it("names an unknown body field", async () => {
      const wrong = await faults(
        (one) => one.fields,
        async (one) => namesFault(await staff.send(one.method, pathOf(one), { unknown: 1 }), 422, "unknown"),
      );
      expect(wrong).toEqual([]);
    });

    it("refuses a body that is malformed, empty, of another type or too large", async () => {
      const wrong = await faults(
        (one) => one.takesJson,
        async (one) => {
          const found: string[] = [];
          for (const [status, body, headers] of uselessBodies) {
            if (body.length === 0 && one.bodyIsOptional) continue;
            const answer = await staff.send(one.method, pathOf(one), body, { headers });
            if (answer.status !== status) found.push(`${answer.status} instead of ${status}`);
            else found.push(...faultsOfProblem(answer));
          }
          return found;
        },
      );
      expect(wrong).toEqual([]);
    });

    it("takes a JSON value of another kind without breaking", async () => {
      const nested = Buffer.from("[".repeat(50_000) + "]".repeat(50_000));
      const values = [null, [], "text", 1, true, {}, [[]], { "": null }, Buffer.from('{"__proto__":{"a":1}}'), nested];
      const wrong = await faults(
        (one) => one.fields,
        async (one) => {
          const send = (value: unknown) => staff.send(one.method, pathOf(one), value, { headers: json });
          const answers = await Promise.all(values.map(send));
          return answers.flatMap((answer) => breakage(answer, one));
        },
      );
      expect(wrong).toEqual([]);
    });

    it("takes hostile text in every parameter and field as text", async () => {
      const wrong = await faults(
        () => true,
        async (one) => {
          const body = one.takesJson ? {} : undefined;
          const paths = tried.flatMap((text) => [
            ...one.pathParameters.map((name) => pathOf(one, { [name]: text })),
            ...one.queryParameters.map((name) => `${pathOf(one)}?${name}=${text}`),
            ...one.queryParameters.map((name) => `${pathOf(one)}?${name}=1&${name}=${text}`),
          ]);
          const bodies = one.fields ? tried.map((text) => everyField(one.fields ?? [], decoded(text))) : [];
          const calls = [
            ...paths.map((path) => () => staff.send(one.method, path, body)),
            ...bodies.map((fields) => () => staff.send(one.method, pathOf(one), fields)),
          ];
          const answers: Answer[] = [];
          // All at once, those of an operation with many parameters keep an app from anything else for seconds.
          for (let at = 0; at < calls.length; at += 50) {
            answers.push(...(await Promise.all(calls.slice(at, at + 50).map((call) => call()))));
          }
          return answers.flatMap((answer) => breakage(answer, one));
        },
      );
      expect(wrong).toEqual([]);
      expect((await staff.get("/auth/me")).status).toBe(200);
      expect((await anyone.get(`/${app}/health`)).status).toBe(200);
    });

    it("gives problems to a program with credentials, and pages to a browser without them", async () => {
      // Whatever type an answer has is compared with the document as it comes.
      const wrong = await faults(
        (one) => !one.answersPages,
        async (one) => {
          const path = `${pathOf(one)}?unknown=1`;
          const [asProgram, asBrowser] = await Promise.all(
            [staff, anyone].map((who) => who.with({ Accept: "text/html" }).send(one.method, path)),
          );
          const isPage = asProgram?.headers["content-type"]?.startsWith("text/html");
          const isProblem = asBrowser?.headers["content-type"] === "application/problem+json";
          return [...(isPage ? ["a page for a program"] : []), ...(isProblem ? ["a problem for a browser"] : [])];
        },
      );
      expect(wrong).toEqual([]);
    });

    it("answers a HEAD as the GET, without the body", async () => {
      const wrong = await faults(
        (one) => one.method === "GET" && !one.streams,
        async (one) => {
          const get = await staff.send("GET", pathOf(one));
          const head = await staff.send("HEAD", pathOf(one));
          if (head.bytes.length > 0) return ["a body"];
          return head.status === get.status ? [] : [`${head.status}, the GET ${get.status}`];
        },
      );
      expect(wrong).toEqual([]);
    });
  });
}

function everyField(fields: string[], value: string): Record<string, string> {
  return Object.fromEntries(fields.map((field) => [field, value]));
}

/** What the text stands for; a lone surrogate when it is no UTF-8. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "\ud800";
  }
}

/** Whether an answer says that `name` is at fault: as a problem, or as an OAuth endpoint does (RFC 6749 section 5.2). */
function namesFault(answer: Answer, status: number, name: string): string[] {
  if (answer.status !== status) return [`${answer.status} instead of ${status}`];
  const { error, error_description } = answer.json<{ error?: string; error_description?: string }>();
  if (error === "invalid_request" && error_description?.includes(name)) return [];
  const faults = faultsOfProblem(answer);
  const named = answer.json<{ errors?: { path: string }[] }>().errors?.some((error) => error.path === name);
  return named ? faults : [...faults, `it does not name "${name}"`];
}

/** Anything but an answer or a whole error of the client's: a problem, or what the document says of another protocol. */
function breakage(answer: Answer, { ownProtocol }: Operation): string[] {
  if (answer.status >= 500) return [`${answer.status} ${answer.text}`];
  const type = answer.headers["content-type"] ?? "";
  const isOther = type.startsWith("text/html") || (ownProtocol && type !== "application/problem+json");
  return answer.status >= 400 && !isOther ? faultsOfProblem(answer) : [];
}
