import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenSet } from "@quintet/auth";
import { createLogger } from "@quintet/http";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { createRetryQueue } from "../src/mail/retry-queue.ts";
import { createSmtp } from "../src/mail/smtp.ts";
import { type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";
import { type MailServer, mailServer } from "./mail-server.ts";

const next = "staple bättery horse";
const within = { timeout: 10_000, interval: 10 };
const opened = new AsyncDisposableStack();
let mail: MailServer;
let issuer: IssuerForTests;
let staff: Record<string, string>;
let people = 0;

beforeAll(async () => {
  mail = opened.use(await mailServer());
  issuer = opened.use(
    await issuerForTests({ mail: createSmtp({ url: mail.url, from: "Quintet <no-reply@example.org>" }) }),
  );
  await issuer.auth.createFirstStaff("chief", password);
  staff = { Authorization: `Basic ${Buffer.from(`chief:${password}`).toString("base64")}` };
});
afterAll(() => opened.disposeAsync());

/** A new account that has signed in. */
async function person() {
  const username = `person${people++}`;
  await issuer.register(username);
  const tokens = (await issuer.auth.passwordGrant(username, password)) as TokenSet;
  const id = (await issuer.auth.verifyPassword(username, password))?.id ?? 0;
  return { username, email: `${username}@example.com`, tokens, id };
}
const forgot = (login: string) => issuer.send("POST", "/auth/forgot", { login });
const reset = async (token: string, wanted = next) =>
  (await issuer.send("POST", "/auth/reset", { token, password: wanted })).status;
const tokenIn = (text: string) =>
  /http:\/\/localhost:8080\/auth\/new-password\?token=([\w-]{43})\s/.exec(text)?.[1] ?? "";
/** The token in the last of `count` mails to an address. */
const mailed = (to: string, count = 1) =>
  vi.waitFor(() => {
    const mails = mail.mails.filter((one) => one.to === to);
    expect(mails).toHaveLength(count);
    return tokenIn(mails.at(-1)?.text ?? "");
  }, within);
const linkFor = async (id: number, status = 201) => {
  const answer = await issuer.send("POST", `/auth/accounts/${id}/reset-link`, undefined, staff);
  expect(answer.status).toBe(status);
  return tokenIn(`${((await answer.json()) as { url?: string }).url} `);
};
const actions = async (id: number) => {
  const answer = await issuer.send("GET", `/auth/audit?accountId=${id}`, undefined, staff);
  return ((await answer.json()) as { events: { action: string }[] }).events.map(({ action }) => action);
};

test("a link comes by mail, sets a new password once, and ends every sign-in", async () => {
  const { username, email, tokens, id } = await person();
  const answer = await forgot(username);
  expect(answer.status).toBe(202);
  const token = await mailed(email);
  expect(await reset(token, "short")).toBe(422);
  expect(await reset(token)).toBe(204);
  expect(await issuer.auth.passwordGrant(username, password)).toBeUndefined();
  expect(await issuer.auth.passwordGrant(username, next)).toBeDefined();
  expect(await issuer.auth.verifyToken(tokens.access_token)).toBeUndefined();
  expect(await issuer.auth.refreshGrant(tokens.refresh_token)).toBeUndefined();
  expect(await reset(token, password)).toBe(422);
  expect((await actions(id)).filter((action) => action.includes("reset"))).toEqual(["password-reset", "reset-asked"]);
});

test("whoever asks for nobody, a deactivated account or one without an own password is answered alike and mailed nothing", async () => {
  const [gone, foreign, here] = [await person(), await person(), await person()];
  await issuer.auth.changes.setActive(gone.id, false, { accountId: null });
  await issuer.pool.execute("UPDATE auth_user SET password = '!x' WHERE id = ?", [foreign.id]);
  const before = mail.mails.length;
  const answers = await Promise.all([gone.username, foreign.email, "nobody", here.email].map(forgot));
  const told = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
  expect(new Set(told.map(String)).size).toBe(1);
  await mailed(here.email);
  expect(mail.mails.length).toBe(before + 1);
});

describe("a link is not good any more", () => {
  const spoilt: [string, (one: Awaited<ReturnType<typeof person>>) => Promise<unknown>][] = [
    ["after 30 minutes", async () => (issuer.clock.now += 30 * 60_000)],
    [
      "when the password was changed",
      ({ id }) => issuer.auth.changes.changePassword(id, password, next, { accountId: id }),
    ],
    [
      "when another program changed it",
      ({ id }) => issuer.pool.execute("UPDATE auth_user SET password = 'x' WHERE id = ?", [id]),
    ],
    [
      "when the email was changed",
      ({ id }) => issuer.pool.execute("UPDATE auth_user SET email = 'x@y' WHERE id = ?", [id]),
    ],
    ["when another link was used", async ({ id }) => reset(await linkFor(id))],
    ["when the account is deactivated", ({ id }) => issuer.auth.changes.setActive(id, false, { accountId: null })],
    [
      "when it was deactivated meanwhile",
      async ({ id }) => {
        await issuer.auth.changes.setActive(id, false, { accountId: null });
        await issuer.auth.changes.setActive(id, true, { accountId: null });
      },
    ],
  ];
  test.each(spoilt)("%s", async (_name, spoil) => {
    const one = await person();
    const token = await linkFor(one.id);
    expect(await issuer.auth.resetLinks.isGood(token)).toBe(true);
    await spoil(one);
    expect(await issuer.auth.resetLinks.isGood(token)).toBe(false);
    expect(await reset(token, "another fine password")).toBe(422);
  });

  test("nor is one that nobody made", async () => {
    for (const token of ["", "x", "A".repeat(43), `${"A".repeat(42)}'`]) expect(await reset(token)).toBe(422);
  });

  test("of 10 that use it at once one does", async () => {
    const token = await linkFor((await person()).id);
    // A password that breaks a rule leaves it as it was.
    expect(await reset(token, "short")).toBe(422);
    const all = await Promise.all(Array.from({ length: 10 }, (_, i) => reset(token, `${next} ${i}`)));
    expect(all.sort()).toEqual([204, ...Array(9).fill(422)]);
  });
});

test("staff hands a link over, for an account that is active; nobody else does", async () => {
  const one = await person();
  await linkFor(one.id);
  expect(await actions(one.id)).toContain("reset-link-made");
  await linkFor(999_999, 404);
  await issuer.auth.changes.setActive(one.id, false, { accountId: null });
  await linkFor(one.id, 409);
  const plain = { Authorization: `Bearer ${(await person()).tokens.access_token}` };
  expect((await issuer.send("POST", `/auth/accounts/1/reset-link`, undefined, plain)).status).toBe(403);
});

test("the database holds no token", async () => {
  const token = await linkFor((await person()).id);
  const [rows] = await issuer.pool.query("SELECT * FROM auth_reset");
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(rows).not.toHaveLength(0);
});

test("an account is mailed 3 links, an address may ask 20 times", async () => {
  const { username, email } = await person();
  for (let i = 0; i < 5; i++) await forgot(i % 2 ? username : email);
  await mailed(email, 3);
  const from = { incoming: { socket: { remoteAddress: "192.0.2.7" }, headers: { "content-length": "9" } } };
  const ask = () => {
    const headers = { "Content-Type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ login: "nobody" }) };
    return issuer.app.fetch(new Request("http://localhost:8080/auth/forgot", init), from);
  };
  const statuses: number[] = [];
  for (let i = 0; i < 21; i++) statuses.push((await ask()).status);
  expect(statuses).toEqual([...Array(20).fill(202), 429]);
  expect(Number((await ask()).headers.get("retry-after"))).toBeGreaterThan(60);
});

test("without mail it says to ask staff", async () => {
  await using plain = await issuerForTests();
  const answer = await plain.send("POST", "/auth/forgot", { login: "ana" });
  expect([answer.status, await answer.json()]).toMatchObject([409, { detail: expect.stringContaining("Ask staff") }]);
});

describe("the pages", () => {
  const own = { Origin: publicUrl, "Sec-Fetch-Site": "same-origin" };
  const post = (path: string, fields: Record<string, string>, from = own) =>
    issuer.send("POST", path, new URLSearchParams(fields), from);
  const get = async (path: string) => {
    const answer = await issuer.send("GET", path);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  test("lead from signing in to a link, and from the link back to signing in", async () => {
    const { username, email } = await person();
    expect((await get("/auth/sign-in")).text).toContain('href="/auth/forgotten"');
    expect((await get("/auth/forgotten")).text).toContain('action="/auth/forgotten"');
    const sent = await post("/auth/forgotten", { login: username });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/auth/forgotten?done=sent"]);
    expect((await get("/auth/forgotten?done=sent")).text).toContain("a password reset link has been sent");
    const token = await mailed(email);
    const page = await get(`/auth/new-password?token=${token}`);
    expect([page.status, page.headers.get("referrer-policy")]).toEqual([200, "strict-origin"]);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.text).toContain(`name="token" value="${token}"`);
    const weak = await post("/auth/new-password", { token, password: "12345678" });
    expect([weak.status, await weak.text()]).toEqual([422, expect.stringContaining("must not be digits only")]);
    const foreign = { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
    expect((await post("/auth/new-password", { token, password: next }, foreign)).status).toBe(403);
    const set = await post("/auth/new-password", { token, password: next });
    expect([set.status, set.headers.get("location")]).toEqual([303, "/auth/sign-in?done=reset"]);
    expect((await get("/auth/sign-in?done=reset")).text).toContain("The new password is set.");
    expect(await issuer.auth.passwordGrant(username, next)).toBeDefined();
    const stale = await get(`/auth/new-password?token=${token}`);
    expect([stale.status, stale.text]).toEqual([422, expect.stringContaining("This link is no longer valid")]);
    expect((await post("/auth/new-password", { token, password: next })).status).toBe(422);
  });

  test("look alike for whoever exists and whoever does not, and say to ask staff where no mail is sent", async () => {
    const { username } = await person();
    const answers = await Promise.all([username, "nobody"].map((login) => post("/auth/forgotten", { login })));
    expect(answers.map((answer) => [answer.status, answer.headers.get("location")])).toEqual([
      [303, "/auth/forgotten?done=sent"],
      [303, "/auth/forgotten?done=sent"],
    ]);
    await using plain = await issuerForTests();
    const page = await plain.send("GET", "/auth/forgotten");
    expect(await page.text()).toContain("Ask a staff member");
    expect((await plain.send("POST", "/auth/forgotten", new URLSearchParams({ login: "ana" }), own)).status).toBe(409);
  });
});

describe("the mail server", () => {
  test("is away: the client hears nothing of it, and the mail comes when it is back", async () => {
    const { username, email } = await person();
    await mail.stop();
    expect((await forgot(username)).status).toBe(202);
    await mail.start();
    expect(await reset(await mailed(email))).toBe(204);
  });

  test("puts off and is asked again; refuses for good and is not", async () => {
    const [later, never] = [await person(), await person()];
    mail.refusal = { code: 451 };
    let before = mail.attempts;
    await forgot(later.username);
    await vi.waitFor(() => expect(mail.attempts).toBe(before + 1), within);
    mail.refusal = { code: 550 };
    await vi.waitFor(() => expect(mail.attempts).toBe(before + 2), within);
    before = mail.attempts;
    await forgot(never.username);
    await vi.waitFor(() => expect(mail.attempts).toBe(before + 1), within);
    mail.refusal = undefined;
  });
});

test("mails are bounded, retried, and dropped in the end, which is logged", async () => {
  const file = join(inject("runDir"), `mails-${process.pid}.log`);
  const log = createLogger({ service: "mails", level: "info", file });
  await using all = createRetryQueue({ log, max: 3, atOnce: 1, pauses: [1, 1] });
  let tries = 0;
  const failing = async () => {
    tries++;
    throw new Error("away");
  };
  expect([1, 2, 3, 4].map(() => all.add(failing))).toEqual([true, true, true, false]);
  await vi.waitFor(() => expect(tries).toBe(9), within);
  await vi.waitFor(
    async () => expect((await readFile(file, "utf8")).match(/dropped after the last retry/g)).toHaveLength(3),
    within,
  );
});
