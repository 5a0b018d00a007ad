import type { TokenSet } from "@quintet/auth";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

let issuer: IssuerForTests;
let staff: Record<string, string>;
beforeAll(async () => {
  issuer = await issuerForTests();
  await issuer.auth.createFirstStaff("chief", password);
  for (const name of ["ana", "anabel", "berta", "50%off".replace("%", "-")]) await issuer.register(name);
  staff = { Authorization: `Bearer ${(await signIn("chief")).access_token}` };
});
afterAll(() => issuer[Symbol.asyncDispose]());

const signIn = async (name: string) => (await issuer.auth.passwordGrant(name, password)) as TokenSet;
const idOf = async (name: string) => (await issuer.auth.verifyPassword(name, password))?.id;
const list = async (query: string) => {
  const answer = await issuer.send("GET", `/auth/accounts${query}`, undefined, staff);
  return {
    status: answer.status,
    ...((await answer.json()) as { accounts: { username: string }[]; nextCursor: string }),
  };
};
const names = async (query: string) => (await list(query)).accounts.map(({ username }) => username);

test("finds accounts by how the username or email begins, page by page", async () => {
  expect(await names("")).toEqual(["chief", "ana", "anabel", "berta", "50-off"]);
  expect(await names("?q=ana")).toEqual(["ana", "anabel"]);
  expect(await names("?q=BERTA@EX")).toEqual(["berta"]);
  expect(await names("?q=%25")).toEqual([]);
  expect(await names(`?q=${encodeURIComponent("' OR 1=1 -- ")}`)).toEqual([]);
  const first = await list("?limit=2");
  expect(first.accounts.map(({ username }) => username)).toEqual(["chief", "ana"]);
  const second = await list(`?limit=3&cursor=${first.nextCursor}`);
  expect(second.accounts.map(({ username }) => username)).toEqual(["anabel", "berta", "50-off"]);
  expect(second.nextCursor).toBeNull();
  expect((await list("?cursor=forged")).status).toBe(400);
  expect((await list("?q=%00")).status).toBe(400);
});

test("deactivates an account and lets it in again", async () => {
  const tokens = await signIn("ana");
  const change = (id: unknown, fields: object) => issuer.send("PATCH", `/auth/accounts/${id}`, fields, staff);
  const answer = await change(await idOf("ana"), { isActive: false });
  expect([answer.status, await answer.json()]).toMatchObject([200, { username: "ana", isActive: false }]);
  expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
  expect(await issuer.auth.passwordGrant("ana", password)).toBeUndefined();
  const [{ id } = { id: 0 }] = (await list("?q=ana")).accounts as unknown as { id: number }[];
  expect((await change(id, { isActive: true })).status).toBe(200);
  expect(await issuer.auth.passwordGrant("ana", password)).toBeDefined();
  expect((await change(await idOf("chief"), { isActive: false })).status).toBe(409);
  expect((await change(999_999, { isActive: false })).status).toBe(404);
  expect((await change("x", { isActive: false })).status).toBe(400);
  expect((await change("99999999999999999999", { isActive: false })).status).toBe(400);
  expect((await change(id, { isActive: "no" })).status).toBe(422);
  expect((await change(id, { isStaff: true })).status).toBe(422);
});

test("ends the sign-ins of an account", async () => {
  const tokens = await signIn("berta");
  const end = async (id: unknown) =>
    (await issuer.send("DELETE", `/auth/accounts/${id}/sessions`, undefined, staff)).status;
  expect(await end(await idOf("berta"))).toBe(204);
  expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
  expect(await issuer.auth.refreshGrant(tokens.refresh_token)).toBeUndefined();
  expect(await end(999_999)).toBe(404);
});

test("is for staff only", async () => {
  const plain = { Authorization: `Bearer ${(await signIn("anabel")).access_token}` };
  const id = await idOf("berta");
  for (const [method, path, body] of [
    ["GET", "/auth/accounts", undefined],
    ["GET", "/auth/audit", undefined],
    ["GET", `/auth/accounts/${id}`, undefined],
    ["PATCH", `/auth/accounts/${id}`, { isActive: false }],
    ["DELETE", `/auth/accounts/${id}/sessions`, undefined],
  ] as const) {
    expect((await issuer.send(method, path, body)).status).toBe(401);
    expect((await issuer.send(method, path, body, plain)).status).toBe(403);
  }
});

test("reads who did what to whom, from where and in which request, the newest first", async () => {
  await issuer.send(
    "POST",
    "/auth/register",
    { username: "dora", email: "dora@example.com", password },
    { "X-Request-Id": "r-1" },
  );
  const [id, chief] = [await idOf("dora"), await idOf("chief")];
  const bearer = { Authorization: `Bearer ${(await signIn("dora")).access_token}` };
  const added = await issuer.send(
    "POST",
    "/auth/clients",
    { name: "x", scope: "all" },
    { ...bearer, "X-Request-Id": "r-2" },
  );
  const { id: client } = (await added.json()) as { id: string };
  await issuer.send("PATCH", `/auth/accounts/${id}`, { isActive: false }, { ...staff, "X-Request-Id": "r-3" });
  await issuer.send("POST", "/auth/password", { currentPassword: "wrong", newPassword: "correct horse" }, bearer);
  const read = async (query: string) => {
    const answer = await issuer.send("GET", `/auth/audit?accountId=${id}${query}`, undefined, staff);
    return (await answer.json()) as { events: object[]; nextCursor: string | null };
  };
  const { events, nextCursor } = await read("");
  expect(nextCursor).toBeNull();
  expect(events).toMatchObject([
    { action: "deactivated", actorId: chief, accountId: id, requestId: "r-3" },
    { action: "client-added", actorId: id, accountId: id, subject: client, requestId: "r-2" },
    { action: "signed-in", actorId: id, accountId: id },
    { action: "registered", actorId: null, accountId: id, requestId: "r-1" },
  ]);
  const first = await read("&limit=2");
  expect((await read(`&limit=2&cursor=${first.nextCursor}`)).events).toEqual(events.slice(2));
  expect((await read("&cursor=x")).events).toBeUndefined();
  expect((await read("&action=client-added")).events).toEqual([events[1]]);
  expect((await read(`&actorId=${chief}`)).events).toEqual([events[0]]);
  expect((await read("&requestId=r-1")).events).toEqual([events[3]]);
  expect((await read("&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z")).events).toEqual([]);
  expect((await read("&from=2020-01-01T00:00:00Z")).events).toEqual(events);
  for (const wrong of ["&from=yesterday", "&action=dance", "&accountId=1", "&q=x"]) {
    expect((await read(wrong)).events).toBeUndefined();
  }
});
