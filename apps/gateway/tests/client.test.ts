import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  answered,
  createClient,
  ok,
  ProblemError,
  pages,
  type QuintetClient,
  SignInError,
  signIn,
} from "@quintet/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Gateway, run } from "../src/run.ts";
import { type TestSettings, testSettings } from "./harness/test-settings.ts";
import { unique } from "./harness/values.ts";

let settings: TestSettings;
let gateway: Gateway;
let client: QuintetClient;

beforeAll(async () => {
  settings = await testSettings();
  gateway = await run({ env: { ...settings.shared, ...settings.issuer, PORT: "0", LOG_LEVEL: "silent" }, first: true });
  client = createClient(gateway.url, { basic: settings.admin });
});
afterAll(async () => {
  await gateway.close();
  await settings[Symbol.asyncDispose]();
});

describe("the typed client", () => {
  it("has an example that does something in every app", async () => {
    const tour = fileURLToPath(new URL("../../../packages/client/examples/tour.ts", import.meta.url));
    const { username, password } = settings.admin;
    const { stdout } = await promisify(execFile)(process.execPath, [tour, gateway.url, username, password]);
    expect(
      stdout
        .replaceAll(/\b(house|post) \d+/g, "$1 N")
        .replaceAll(/[0-9a-f]{8}/g, "MARK")
        .split("\n"),
    ).toEqual([
      "properties: house N was liked by 1, and is off the market",
      expect.stringMatching(/^ingest: 1 of 2 rows would be stored; refused: 3,id,/),
      "directory: found Ana, Bo, Cy on pages of two",
      'queue: received [{"order":17}]',
      expect.stringMatching(/^social: post N written once; second vote: /),
      "",
    ]);
  });

  it("throws the problem that an app told, with its headers", async () => {
    const call = ok(client.queue.queues[":name"].$get({ param: { name: unique("absent") } }));
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ProblemError);
    const { problem, status, headers } = error as ProblemError;
    expect(status).toBe(404);
    expect(problem.detail).not.toBe("");
    expect(headers.get("x-request-id")).toBe(problem.requestId);
  });

  it("tells a refusal from an answer by its status", async () => {
    const answer = await createClient(gateway.url).queue.count.$get();
    if (answer.status === 200) throw new Error("nobody has signed in");
    const problem = await answer.json();
    expect(problem).toMatchObject({ status: 401, instance: "/queue/count" });
  });

  it("keeps a value with slashes and dots in one segment of the path", async () => {
    for (const name of ["../queues", "a/b", "%2e%2e", "?x=1", "#"]) {
      const { status } = await client.queue.queues[":name"].$get({ param: { name } });
      expect([name, [400, 404].includes(status)]).toEqual([name, true]);
    }
    for (const name of ["", ".", ".."]) {
      expect(() => client.queue.queues[":name"].$get({ param: { name } })).toThrow(TypeError);
    }
  });

  it("sends forms as Quintet's forms are", async () => {
    const { username, password } = settings.admin;
    const form = { username, password };
    const token = await ok(createClient(gateway.url).social.login.$post({ form }));
    expect(token.token_type).toBe("bearer");
    const byToken = createClient(gateway.url, { token: token.access_token });
    expect(await ok(byToken.queue.count.$get())).toEqual({ count: expect.any(Number) });
  });

  it("streams a file up", async () => {
    const body = new Blob(["id,job\n", "1,Clerk\n"]).stream();
    const sent = { headers: { "Content-Type": "text/csv" }, init: { body } };
    const load = await ok(client.ingest[":table"].csv.$post({ param: { table: "jobs" } }, sent));
    expect(load).toMatchObject({ table: "jobs", received: 1, inserted: 1 });
    const backup = await ok(client.ingest[":table"].backups.$post({ param: { table: "jobs" } }));
    const file = await answered(client.ingest.backups[":name"].$get({ param: { name: backup.name } }));
    expect((await file.arrayBuffer()).byteLength).toBe(backup.bytes);
  });

  it("asks for the pages of a list one by one, and stops when nobody wants more", async () => {
    const names = ["a", "b", "c", "d", "e"].map((letter) => unique(`list-${letter}`));
    for (const name of names) await ok(client.queue.queues[":name"].$put({ param: { name }, json: {} }));
    let asked = 0;
    const read = (cursor: string | undefined) => {
      asked++;
      return ok(client.queue.queues.$get({ query: { limit: 2, cursor } }));
    };
    const found: string[] = [];
    for await (const { queues } of pages(read)) found.push(...queues.map(({ name }) => name));
    expect(found).toEqual(expect.arrayContaining(names));
    expect(asked).toBe(Math.ceil(found.length / 2));
    asked = 0;
    for await (const _ of pages(read)) break;
    expect(asked).toBe(1);
  });

  it("stays signed in: one refresh for all who need a new token at once", async () => {
    const { username, password } = settings.admin;
    const grants: string[] = [];
    // The issuer's tokens live for a quarter of an hour; told to live for a second, they are due at once.
    const impatient: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      grants.push(new URLSearchParams(String(init?.body)).get("grant_type") ?? "");
      return Response.json({ ...((await answer.json()) as object), expires_in: grants.length === 1 ? 1 : 900 });
    };
    const token = await signIn(gateway.url, { username, password }, impatient);
    const signedIn = createClient(gateway.url, { token });
    await Promise.all(Array.from({ length: 5 }, () => ok(signedIn.queue.count.$get())));
    expect(grants).toEqual(["password", "refresh_token"]);
    await expect(signIn(gateway.url, { username, password: "wrong" })).rejects.toThrow(SignInError);
  });
});
