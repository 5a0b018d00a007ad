import { randomBytes } from "node:crypto";
import { newSigningKey } from "@quintet/accounts/testing";
import type { Auth, TokenSet } from "@quintet/auth";
import { testMysql, testPrefix } from "@quintet/db/testing";
import { type OpenedAuth, openAuth } from "@quintet/host";
import { createLogger, listenerOf, serve } from "@quintet/http";
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from "vitest";
import { accounts } from "../src/index.ts";

/** The clock of the processes is a day ahead for a while; those of MySQL and Redis are not. */
const day = 86_400_000;
const log = createLogger({ service: "auth", level: "silent" });
const admin = { username: "admin", password: "correct horse battery" };
const opened = new AsyncDisposableStack();
const soon = { timeout: 2000, interval: 10 };
let openIssuer: () => Promise<OpenedAuth>;
let openRemote: () => Promise<OpenedAuth>;
let issuers: [OpenedAuth, OpenedAuth];
let everybody: Auth[];
let origin: string;

beforeAll(async () => {
  const database = opened.use(await testMysql(inject("mysqlUrl")));
  const secret = randomBytes(32).toString("hex");
  const shared = { QUINTET_SECRET: secret, REDIS_URL: inject("redisUrl"), REDIS_PREFIX: testPrefix() };
  const own = {
    MYSQL_URL: database.url,
    AUTH_SIGNING_KEY: newSigningKey(),
    ADMIN_USERNAME: admin.username,
    ADMIN_PASSWORD: admin.password,
  };
  const read = (env: NodeJS.ProcessEnv) => ({ ...shared, ...env });
  openIssuer = () => openAuth(read(own), accounts, log);
  openRemote = () => openAuth(read({ AUTH_URL: origin }), accounts, log);
  ahead();
  issuers = [opened.use(await openIssuer()), opened.use(await openIssuer())];
  const app = issuers[0].app ?? { fetch: () => new Response() };
  const listening = await serve(listenerOf(app), { port: 0, host: "127.0.0.1", log, drainSeconds: 0 });
  opened.defer(() => listening.close());
  origin = `http://127.0.0.1:${listening.port}`;
  const remote = opened.use(await openRemote());
  everybody = [...issuers, remote].map(({ auth }) => auth);
});
afterEach(() => {
  vi.useRealTimers();
});
afterAll(() => opened.disposeAsync());

const ahead = () => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + day });
const signIn = async () => (await issuers[0].auth.passwordGrant(admin.username, admin.password)) as TokenSet;
const revoke = async (token: string) => {
  const response = await fetch(`${origin}/auth/revoke`, { method: "POST", body: new URLSearchParams({ token }) });
  expect(response.status).toBe(200);
};
const isGood = (auth: Auth, { access_token }: TokenSet) =>
  auth.verifyToken(access_token).then((account) => account !== undefined);

test("what was revoked while the clock was a day ahead stays so, and what is revoked afterwards is heard everywhere", async () => {
  ahead();
  const [first, second] = [await signIn(), await signIn()];
  for (const auth of everybody) expect(await isGood(auth, first)).toBe(true);
  await revoke(first.access_token);
  for (const auth of everybody) await vi.waitFor(async () => expect(await isGood(auth, first)).toBe(false), soon);
  for (const auth of everybody) expect(await isGood(auth, second)).toBe(true);

  vi.useRealTimers();
  for (const auth of everybody) expect(await isGood(auth, first)).toBe(false);
  const third = await signIn();
  for (const auth of everybody) expect(await isGood(auth, third)).toBe(true);
  await revoke(third.access_token);
  for (const auth of everybody) await vi.waitFor(async () => expect(await isGood(auth, third)).toBe(false), soon);

  // A process that starts afterwards knows of both, also when the day has come for which the first was made.
  ahead();
  await using late = await openIssuer();
  await using app = await openRemote();
  for (const { auth } of [late, app]) {
    await vi.waitFor(async () => expect(await isGood(auth, second)).toBe(true), soon);
    expect(await isGood(auth, first)).toBe(false);
    expect(await isGood(auth, third)).toBe(false);
  }
});

test("an issuer whose clock was set back hears from MySQL what others revoke, without Redis", async () => {
  const tokens = await signIn();
  const [, other] = issuers;
  expect(await isGood(other.auth, tokens)).toBe(true);
  await revoke(tokens.refresh_token);
  await vi.waitFor(async () => expect(await isGood(other.auth, tokens)).toBe(false), soon);
});
