import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./harness/client.ts";
import { logIn, type Person } from "./harness/person.ts";
import { type ServerProcess, startServer } from "./harness/server-process.ts";
import { testSettings } from "./harness/test-settings.ts";
import { unique } from "./harness/values.ts";

// Several issuers on the same stores: one in two workers, one in a process of its own, and an app behind the first.

const rounds = process.env.QUINTET_FAULTS === "full" ? 20 : 1;
const made = new AsyncDisposableStack();
let front: ServerProcess;
let other: ServerProcess;
let social: ServerProcess;
let staff: Person;
const password = "correct horse battery";

beforeAll(async () => {
  const settings = made.use(await testSettings());
  const env = { ...settings.shared, ...settings.issuer, REGISTRATIONS_PER_ADDRESS: "30" };
  front = made.use(await startServer("gateway", { ...env, WORKERS: "2" }));
  [other, social] = await Promise.all([
    startServer("gateway", env).then((one) => made.use(one)),
    startServer("social", { ...settings.shared, AUTH_URL: front.origin }).then((one) => made.use(one)),
  ]);
  staff = await logIn(front.origin, settings.admin.username, settings.admin.password);
}, 300_000);
afterAll(() => made.disposeAsync());

/** Tokens by a form, as JSON; a connection that breaks is no response. */
async function tokens(origin: string, fields: Record<string, string>) {
  const body = new URLSearchParams(fields);
  const response = await fetch(`${origin}/auth/token`, { method: "POST", body }).catch(() => undefined);
  const found = (await response?.json().catch(() => undefined)) as { refresh_token?: string } | undefined;
  return { status: response?.status, token: found?.refresh_token ?? "" };
}
const refresh = (origin: string, token: string) =>
  tokens(origin, { grant_type: "refresh_token", refresh_token: token });
const signIn = async (username: string) => {
  const { token } = await tokens(front.origin, { grant_type: "password", username, password });
  return token;
};
const person = async () => {
  const username = unique("many");
  const account = { username, email: `${username}@example.com`, password };
  expect((await staff.post("/auth/accounts", account)).status).toBe(201);
  return username;
};

test("20 refreshes at once with one token, in three processes, get one successor", async () => {
  const first = await signIn(await person());
  const both = await Promise.all(Array.from({ length: 20 }, (_, i) => refresh((i % 2 ? front : other).origin, first)));
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(both.map(({ token }) => token)).size).toBe(1);
  const [{ token: second } = { token: "" }] = both;
  expect((await refresh(front.origin, second)).status).toBe(200);
});

test(`a process is killed while it refreshes: each sign-in goes on in another, in ${rounds} rounds`, {
  timeout: rounds * 120_000,
}, async () => {
  const username = await person();
  for (let round = 0; round < rounds; round++) {
    const held = await Promise.all(Array.from({ length: 30 }, () => signIn(username)));
    const asked = held.map((token) => refresh(other.origin, token));
    await Promise.race(asked);
    const killed = other.kill();
    const lost = await Promise.all(asked);
    const again = await Promise.all(held.map((token) => refresh(front.origin, token)));
    expect(again.map(({ status }) => status)).toEqual(held.map(() => 200));
    again.forEach(({ token }, i) => {
      if (lost[i]?.token) expect(token).toBe(lost[i].token);
    });
    const onward = await Promise.all(again.map(({ token }) => refresh(front.origin, token)));
    expect(onward.map(({ status }) => status)).toEqual(held.map(() => 200));
    await killed;
  }
});

test("an address has one budget for accounts in all processes, by whichever way it asks", async () => {
  const asking = (address: string) => ({ "X-Forwarded-For": address });
  const account = () => {
    const username = unique("budget");
    return { username, email: `${username}@example.com`, password };
  };
  const register = (at: ServerProcess, address: string, input: object = account()) =>
    new Client(at.origin, asking(address)).post("/auth/register", input);
  const signUp = (address: string) => {
    const { username: _, ...input } = account();
    return new Client(social.origin, asking(address)).post("/social/users", input);
  };
  for (const [first, address] of [
    ["203.0.113.9", () => "203.0.113.9"],
    ["2001:db8:7:7::1", (i: number) => `2001:db8:7:7::${(i + 2).toString(16)}`],
  ] as const) {
    const ways = [
      (i: number) => register(front, address(i)),
      (i: number) => register(other, address(i)),
      (i: number) => signUp(address(i)),
      (i: number) => register(front, address(i), { username: "" }),
    ];
    const responses = await Promise.all(
      Array.from({ length: 40 }, (_, i) => ways[i % ways.length]?.(i) ?? register(front, address(i))),
    );
    const limited = responses.filter(({ status }) => status === 429);
    expect(responses.filter(({ status }) => status !== 429 && status !== 201 && status !== 422)).toEqual([]);
    expect(limited).toHaveLength(10);
    for (const { headers } of limited) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    for (const response of [await register(front, first), await signUp(first)]) {
      expect(response.status).toBe(429);
      expect(response.json().detail).toBe("Too many registrations from this address. Try again later.");
    }
  }
  expect((await register(other, "203.0.113.10")).status).toBe(201);
  expect((await register(front, "2001:db8:7:8::1")).status).toBe(201);
});
