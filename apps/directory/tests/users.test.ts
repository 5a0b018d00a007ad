import type { TestResponse } from "@quintet/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultPaths, type Installation, listOf, openDirectory, someone } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

async function add(fields: Record<string, unknown> = {}) {
  const input = someone(fields);
  const response = await directory.staff("POST", "/directory/users", input);
  expect(response.status, response.text).toBe(201);
  const user = JSON.parse(response.text) as { id: number };
  return { input, response, user, path: `/directory/users/${user.id}`, tag: response.headers.get("etag") ?? "" };
}

const version = (response: TestResponse) => response.headers.get("etag") ?? "";

describe("a new user", () => {
  it("has a Location, an ETag and all fields that were sent", async () => {
    const { input, response, user, path } = await add({ firstName: "  Zoë  ", bio: "Two\nlines" });
    expect(user).toEqual({ ...input, firstName: "Zoë", id: user.id });
    expect(response.headers.get("location")).toBe(path);
    const read = await directory.plain("GET", path);
    expect([read.text, version(read)]).toEqual([response.text, version(response)]);
  });

  it("is stored in the form NFC", async () => {
    const { user } = await add({ lastName: "Jose\u0301" });
    expect(user).toMatchObject({ lastName: "José" });
  });

  it.each([
    [{ firstName: "" }, "firstName"],
    [{ firstName: "   " }, "firstName"],
    [{ firstName: "nul\u0000" }, "firstName"],
    [{ lastName: "two\nlines" }, "lastName"],
    [{ lastName: "\ud800" }, "lastName"],
    [{ lastName: "x".repeat(10_240) }, "lastName"],
    [{ lastName: undefined }, "lastName"],
    [{ email: "nobody" }, "email"],
    [{ email: `${"x".repeat(250)}@example.com` }, "email"],
    [{ bio: 1 }, "bio"],
    [{ bio: "x".repeat(2001) }, "bio"],
    [{ id: 7 }, "id"],
    [{ version: 7 }, "version"],
  ])("is refused as %j", async (fields, path) => {
    const response = await directory.staff("POST", "/directory/users", someone(fields));
    expect([response.status, ...faultPaths(response)]).toEqual([422, path]);
  });

  it("stores four-byte characters and special characters of SQL and HTML as text", async () => {
    const { user } = await add({ firstName: "😀", lastName: "<b>'; DROP TABLE directory.users; --" });
    expect(user).toMatchObject({ firstName: "😀", lastName: "<b>'; DROP TABLE directory.users; --" });
  });

  it("requires a unique email, without regard to case", async () => {
    await add({ email: "taken@example.com" });
    const response = await directory.staff("POST", "/directory/users", someone({ email: "TAKEN@example.com" }));
    expect([response.status, ...faultPaths(response)]).toEqual([409, "email"]);
  });

  it("is created once per Idempotency-Key", async () => {
    const input = someone({ lastName: "Once" });
    const headers = { "Idempotency-Key": "once" };
    const first = await directory.staff("POST", "/directory/users", input, headers);
    const again = await directory.staff("POST", "/directory/users", input, headers);
    expect([again.status, again.text, version(again)]).toEqual([201, first.text, version(first)]);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(listOf(await directory.anyone("GET", "/directory/users?name=once")).total).toBe(1);
  });

  it.each([
    ["{", "application/json", 400],
    ["", "application/json", 400],
    ["a=1", "text/plain", 415],
    [`{"bio":"${"x".repeat(1_100_000)}"}`, "application/json", 413],
  ])("is refused as the body %.20j of type %s", async (body, type, status) => {
    const request = new Request("http://localhost/directory/users", {
      method: "POST",
      headers: { Authorization: directory.account.basic, "Content-Type": type },
      body,
    });
    const { createApp } = await import("../src/app.ts");
    const response = await createApp(directory.deps).request(request);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
  });
});

describe("who may", () => {
  it("is asked before anything else", async () => {
    const { path } = await add();
    for (const [method, target] of [
      ["POST", "/directory/users?x=1"],
      ["PATCH", `${path}?x=1`],
      ["DELETE", "/directory/users/nonsense?x=1"],
    ] as const) {
      expect((await directory.anyone(method, target, { unknown: 1 })).status).toBe(401);
      expect((await directory.plain(method, target, { unknown: 1 })).status).toBe(403);
    }
    expect((await directory.anyone("GET", path)).status).toBe(200);
  });
});

describe("a change", () => {
  it("requires the current version", async () => {
    const { path, tag } = await add();
    const change = (body: unknown, ifMatch?: string) =>
      directory.staff("PATCH", path, body, ifMatch === undefined ? {} : { "If-Match": ifMatch });
    expect((await change({ bio: "a" })).status).toBe(428);
    const first = await change({ bio: "a" }, tag);
    expect([first.status, JSON.parse(first.text).bio]).toEqual([200, "a"]);
    expect(version(first)).not.toBe(tag);
    for (const wrong of [tag, `W/${version(first)}`, '"x"', "nonsense"]) {
      expect((await change({ bio: "b" }, wrong)).status).toBe(412);
    }
    const open = await directory.anyone("GET", path);
    expect((await change({ bio: "b" }, `"x", ${version(open)}`)).status).toBe(200);
    expect((await change({ bio: "c" }, "*")).status).toBe(200);
    expect(JSON.parse((await directory.anyone("GET", path)).text).bio).toBe("c");
  });

  it("succeeds for one of several requests with the same version", async () => {
    const { path, tag } = await add();
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, i) => directory.staff("PATCH", path, { bio: `${i}` }, { "If-Match": tag })),
    );
    expect(responses.map((response) => response.status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
  });

  it("that changes nothing keeps the version and all cached responses", async () => {
    const { input, path, tag } = await add({ lastName: "Unchanged" });
    const search = "/directory/users?name=unchanged";
    await directory.plain("GET", search);
    const { firstName, email, bio } = input;
    for (const body of [{ bio }, { firstName, lastName: "Unchanged", email, bio }]) {
      const response = await directory.staff("PATCH", path, body, { "If-Match": tag });
      expect([response.status, version(response)]).toEqual([200, tag]);
    }
    expect((await directory.plain("GET", search)).headers.get("x-cache")).toBe("HIT");
    expect((await directory.staff("PATCH", path, { bio }, { "If-Match": '"other"' })).status).toBe(412);
    const changed = await directory.staff("PATCH", path, { bio: `${bio} More.` }, { "If-Match": tag });
    expect(version(changed)).not.toBe(tag);
    expect((await directory.plain("GET", search)).headers.get("x-cache")).toBe("MISS");
  });

  it("is refused when it is empty, unknown, or takes another's email", async () => {
    const { path, tag } = await add();
    const { input } = await add();
    const headers = { "If-Match": tag };
    expect((await directory.staff("PATCH", path, {}, headers)).status).toBe(422);
    const unknown = await directory.staff("PATCH", path, { x: 1 }, headers);
    expect([unknown.status, ...faultPaths(unknown)]).toEqual([422, "x"]);
    const taken = await directory.staff("PATCH", path, { email: input.email }, headers);
    expect([taken.status, ...faultPaths(taken)]).toEqual([409, "email"]);
    expect(version(await directory.plain("GET", path))).toBe(tag);
  });
});

describe("a removal", () => {
  it("requires the current version if If-Match is sent", async () => {
    const { path, tag } = await add();
    await directory.staff("PATCH", path, { bio: "a" }, { "If-Match": tag });
    expect((await directory.staff("DELETE", path, undefined, { "If-Match": tag })).status).toBe(412);
    expect((await directory.staff("DELETE", path)).status).toBe(204);
    expect((await directory.anyone("GET", path)).status).toBe(404);
    expect((await directory.staff("DELETE", path)).status).toBe(404);
    expect((await directory.staff("PATCH", path, { bio: "a" })).status).toBe(404);
  });
});

it.each(["0", "-1", "abc", "1e3", "99999999999999999999", "%00", "'", "1%20OR%201=1", "999999999"])(
  "has nobody with the id %s",
  async (id) => {
    const response = await directory.anyone("GET", `/directory/users/${id}`);
    expect(response.status).toBe(id === "999999999" ? 404 : 400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  },
);
