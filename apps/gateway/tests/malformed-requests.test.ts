import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appNames, type Installation, startAlone, startBoth } from "./harness/installation.ts";
import { malformed } from "./harness/malformed.ts";
import { fetchDocument, type OpenApiDocument, type Operation, operationsOf } from "./harness/operations.ts";
import { logIn } from "./harness/person.ts";
import { seeded } from "./harness/random.ts";

const full = process.env.QUINTET_FAULTS === "full";
/** How many requests for each way of running; half a million for both at full size. */
const requests = full ? 250_000 : 1200;
const atOnce = full ? 48 : 24;
const wholeMs = 1000;
const patienceMs = 30_000;

/** Sends bytes, says a moment later that there are no more, and resolves with the first bytes of what comes back. */
function send(origin: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1");
    let answer = "";
    const timer = setTimeout(() => {
      answer = `no end: ${answer}`;
      socket.destroy();
    }, patienceMs);
    socket.on("data", (bytes) => {
      if (answer.length < 2000) answer += bytes.toString("latin1");
    });
    // A request that is not whole is waited for; who then says that nothing comes any more gets no answer to it.
    const end = setTimeout(() => socket.end(), wholeMs);
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(timer);
      clearTimeout(end);
      resolve(answer);
    });
    socket.write(text, "latin1");
  });
}

/**
 * What an answer tells that it must not: a 5xx, though an overload that says when to come back is none, or an error that is neither a
 * problem, nor of a kind that is documented for the operation, nor a page where one was asked for.
 */
function faultOf(answer: string, request: string, documented: string): string | undefined {
  if (answer.startsWith("no end")) return answer;
  const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map((found) => Number(found[1]));
  if (statuses.some((status) => status >= 500) && !/^HTTP\/1\.1 503 [\s\S]*^Retry-After: /m.test(head)) return answer;
  const type = /^content-type: ([^;\r]*)/im.exec(head)?.[1] ?? "no type";
  const isError = (statuses[0] ?? 0) >= 400;
  const isPage = type === "text/html" && request.includes("text/html");
  const isRight = isPage || type === "application/problem+json" || documented.includes(`"${type}"`);
  return isError && !isRight ? answer : undefined;
}

/** Sends so many malformed requests for the operations of these documents. */
async function flood(installation: Installation, documents: OpenApiDocument[], count: number): Promise<void> {
  const { origin, anyone, staff, plain } = installation;
  const operations = documents.flatMap((document) =>
    operationsOf(document).map((operation) => {
      const described = document.paths[operation.template]?.[operation.method.toLowerCase()];
      return { ...operation, documented: JSON.stringify(described) };
    }),
  );
  const random = seeded(19690720);
  // Nobody is locked out by the requests of the person that sends them.
  const endsAccounts = ({ name }: Operation) => /^(?:PATCH|DELETE|POST) \/auth\/(?:accounts|sessions)/.test(name);
  const signIn = async () => {
    const signedIn = await Promise.all([staff, plain].map((one) => logIn(origin, one.username, one.password)));
    const [first = "", second = ""] = signedIn.map((one) => one.headers.Authorization);
    return [first, first, first, second, second, undefined, "Bearer x.y.z", "Basic eA=="];
  };
  let people = await signIn();
  const faults: string[] = [];
  const statuses = new Map<string, number>();
  let left = count;
  const client = async () => {
    while (left > 0 && faults.length < 20) {
      left--;
      // Some end their own sign-in. A sign-in that is refused for too many at once is tried again with the next.
      if (left % 2000 === 0) people = await signIn().catch(() => people);
      const operation = random.pick(operations);
      const text = malformed(operation, random.pick(endsAccounts(operation) ? people.slice(3) : people), random);
      const answer = await send(origin, text);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? "none";
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const fault = faultOf(answer, text, operation.documented);
      if (fault) faults.push(`${operation.name}\n${JSON.stringify(text.slice(0, 1500))}\n${fault.slice(0, 600)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  expect(faults.join("\n\n"), `seed ${random.seed}, ${JSON.stringify([...statuses].sort())}`).toBe("");
  // They got past the parser, past sign-in and into the apps.
  for (const status of ["200", "400", "401", "403", "404", "422"]) {
    expect(statuses.get(status) ?? 0, `${status} among ${JSON.stringify([...statuses])}`).toBeGreaterThan(count / 250);
  }
  expect(installation.output()).not.toMatch(/uncaught|unhandled|"log.level":"fatal"/i);
  const health = await anyone.get(installation.apps.length === 1 ? `/${installation.apps[0]}/health` : "/health");
  expect(health.status, health.text).toBe(200);
}

describe("malformed requests for every documented route are no 5xx, and bring nothing down", () => {
  let both: Awaited<ReturnType<typeof startBoth>>;
  beforeAll(async () => {
    both = await startBoth();
  }, 120_000);
  afterAll(() => both[Symbol.asyncDispose]());

  it.each(["mounted", "behindHttp"] as const)(
    "%s",
    async (way) => flood(both[way], [await fetchDocument(both[way].anyone, "/openapi.json")], requests),
    3_600_000,
  );
});

it.each(full ? appNames : (["queue"] as const))(
  "malformed requests for %s alone are no 5xx, and bring nothing down",
  async (app) => {
    await using alone = await startAlone(app);
    const documents = [`/${app}/openapi.json`, "/auth/openapi.json"].map((path) => fetchDocument(alone.anyone, path));
    await flood(alone, await Promise.all(documents), requests / 5);
  },
  3_600_000,
);
