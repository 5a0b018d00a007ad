import { afterAll, beforeAll, expect, test } from "vitest";
import { hiddenFields, personAtBrowser } from "./browser-client.ts";
import { issuerForTests, password } from "./issuer-for-tests.ts";
import { type ListeningIssuer, listeningIssuer, redirectUri } from "./listening-issuer.ts";

let quintet: ListeningIssuer;
beforeAll(async () => {
  quintet = await listeningIssuer();
});
afterAll(() => quintet[Symbol.asyncDispose]());

const signedIn = async (name: string) => {
  const person = personAtBrowser(quintet.origin);
  await person.signIn(name, password);
  return person;
};

test("a consent page escapes the client's name, and its form is bound to the browser and to this site", async () => {
  const { id } = await quintet.native();
  const person = await signedIn("ana");
  const query = new URLSearchParams({
    client_id: id,
    redirect_uri: redirectUri,
    response_type: "code",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  const page = await person.open(`/auth/authorize?${query}`);
  expect(page.headers.get("content-security-policy")).toContain("form-action 'self' http://127.0.0.1:51004;");
  const text = await page.text();
  expect(text).toContain("Test &lt;client&gt;");
  expect(text).toContain("send messages <code>queue:send</code>");
  const fields = { ...hiddenFields(text), decision: "allow" };
  expect((await person.post("/auth/authorize", fields, { Origin: "https://evil.example" })).status).toBe(403);
  expect((await person.post("/auth/authorize", { ...fields, form_token: "x" })).status).toBe(403);
  const stranger = await signedIn("owner");
  expect((await stranger.post("/auth/authorize", fields)).status).toBe(403);
  expect((await person.post("/auth/authorize", fields)).status).toBe(303);
});

test("signing in sets cookies that no script and no other site gets", async () => {
  const person = personAtBrowser(quintet.origin);
  expect((await person.open("/auth/account")).headers.get("location")).toMatch(/^\/auth\/sign-in\?next=/);
  const wrong = await person.signIn('ana"<', "wrong");
  const shown = await wrong.text();
  expect([wrong.status, shown]).toEqual([400, expect.stringContaining("The username or password is wrong.")]);
  expect(shown).toContain('value="ana&quot;&lt;"');
  expect(shown).not.toContain('wrong"');
  const answer = await person.signIn("ana", password);
  const rest = "Path=/; HttpOnly; SameSite=Lax";
  expect(answer.headers.getSetCookie()).toEqual([
    expect.stringMatching(new RegExp(`^quintet=[\\w-]{43}; Max-Age=2592000; ${rest}$`)),
    expect.stringMatching(new RegExp(`^quintet-access=[\\w.-]+; Max-Age=900; ${rest}$`)),
  ]);
  expect(await quintet.issuer.auth.refreshGrant(person.cookies.get("quintet") ?? "")).toBeUndefined();
  expect(await (await person.open("/auth/sign-in?next=/shop")).text()).toContain("You are signed in as");
});

test("with TLS the cookies are bound to the host, and those without that are looked at no more", async () => {
  await using issuer = await issuerForTests({ issuer: "https://quintet.example" });
  await issuer.register("ana");
  const send = (path: string, init: RequestInit = {}) =>
    issuer.app.fetch(new Request(`http://inner:8080${path}`, init), {});
  const body = new URLSearchParams({ username: "ana", password });
  const answer = await send("/auth/sign-in", { method: "POST", body, headers: { Origin: "https://quintet.example" } });
  const cookies = answer.headers.getSetCookie();
  const rest = "Path=/; HttpOnly; Secure; SameSite=Lax";
  expect(cookies).toEqual([
    expect.stringMatching(new RegExp(`^__Host-quintet=[\\w-]{43}; Max-Age=2592000; ${rest}$`)),
    expect.stringMatching(new RegExp(`^__Host-quintet-access=[\\w.-]+; Max-Age=900; ${rest}$`)),
  ]);
  const sent = cookies.map((line) => line.slice(0, line.indexOf(";"))).join("; ");
  expect((await send("/auth/account", { headers: { Cookie: sent } })).status).toBe(200);
  expect((await send("/auth/account", { headers: { Cookie: sent.replaceAll("__Host-", "") } })).status).toBe(401);
  const out = await send("/auth/sign-out", {
    method: "POST",
    headers: { Origin: "https://quintet.example", Cookie: sent },
  });
  expect(out.headers.getSetCookie()).toEqual([
    "__Host-quintet=; Max-Age=0; Path=/; Secure",
    "__Host-quintet-access=; Max-Age=0; Path=/; Secure",
  ]);
  expect((await send("/auth/account", { headers: { Cookie: sent } })).status).toBe(401);
});

test("a trusted proxy that speaks TLS is enough for that", async () => {
  const body = new URLSearchParams({ username: "ana", password });
  const headers = { "X-Forwarded-Proto": "https" };
  const answer = await fetch(`${quintet.origin}/auth/sign-in`, { method: "POST", body, headers, redirect: "manual" });
  const names = answer.headers.getSetCookie().map((line) => line.slice(0, line.indexOf("=")));
  expect(names).toEqual(["__Host-quintet", "__Host-quintet-access"]);
});

test("a second sign-in of a browser ends the first", async () => {
  const person = await signedIn("ana");
  const first = person.cookies.get("quintet-access") ?? "";
  await person.signIn("owner", password);
  expect(await quintet.issuer.auth.access(first)).toBeUndefined();
});

test("an account is made at a page, signed in at once; what is wrong is shown at the fields", async () => {
  const person = personAtBrowser(quintet.origin);
  const typed = { username: "dora", email: "dora@example.com", password, next: "/shop?a=1" };
  const faulty = await person.post("/auth/sign-up", { ...typed, email: "no address", password: "12345678" });
  const text = await faulty.text();
  expect(faulty.status).toBe(422);
  expect(text).toContain('id="email-fault">must be an email address');
  expect(text).toContain('id="password-fault">must not be digits only');
  expect(text).toContain('href="#email"');
  expect(text).toContain('value="dora"');
  expect(text).not.toContain("12345678");
  const made = await person.post("/auth/sign-up", typed);
  expect([made.status, made.headers.get("location")]).toEqual([303, "/shop?a=1"]);
  expect(await (await person.open("/auth/account?done=registered")).text()).toContain("Account created.");
  const taken = await personAtBrowser(quintet.origin).post("/auth/sign-up", { ...typed, next: "" });
  expect([taken.status, await taken.text()]).toEqual([409, expect.stringContaining('id="username-fault">is taken')]);
  expect((await person.post("/auth/sign-up", { ...typed, isStaff: "1" })).status).toBe(422);
});

test("my account: sessions show where they are used, and nothing of it when that is not known", async () => {
  await quintet.issuer.register("serena");
  const person = personAtBrowser(quintet.origin);
  const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
  await person.post("/auth/sign-in", { username: "serena", password, next: "" }, { "User-Agent": firefox });
  const page = await (await person.open("/auth/account")).text();
  expect(page).toContain("Firefox 128 on Windows");
  expect(page).toContain("127.0.0.1");
  // A renewal of the access token is a use, by the browser as it is then.
  person.cookies.delete("quintet-access");
  await person.open("/auth/renew?next=/auth/account", { "User-Agent": firefox.replaceAll("128", "129") });
  expect(await (await person.open("/auth/account")).text()).toContain("Firefox 129 on Windows");
  // As of a session that began before this was kept.
  await quintet.issuer.pool.query("UPDATE auth_refresh_family SET used_at = NULL, address = NULL, user_agent = NULL");
  const old = await (await person.open("/auth/account")).text();
  expect(old).toContain("Unknown browser");
  expect(old.match(/<\/span> unknown<\/td>/g)).toHaveLength(2);
});

test("my account: sign-ins are ended, the password is changed, one signs out", async () => {
  await quintet.issuer.register("carla");
  const elsewhere = await quintet.issuer.auth.passwordGrant("carla", password);
  const person = await signedIn("carla");
  const page = await (await person.open("/auth/account")).text();
  const { form_token = "" } = hiddenFields(page);
  const ids = [...page.matchAll(/name="id" value="([0-9a-f-]{36})"/g)].map(([, id = ""]) => id);
  expect(ids).toHaveLength(2);
  expect((await person.post("/auth/account/sessions", { id: ids[0] ?? "" })).status).toBe(403);
  const own = page.indexOf("this one</span>") < page.indexOf(ids[0] ?? "") ? 0 : 1;
  await person.post("/auth/account/sessions", { form_token, id: ids[1 - own] ?? "" });
  expect(await quintet.issuer.auth.verifyToken(elsewhere?.access_token ?? "")).toBeUndefined();
  expect((await person.open("/auth/account")).status).toBe(200);

  const change = (fields: Record<string, string>) => person.post("/auth/account/password", { form_token, ...fields });
  const wrong = await change({ currentPassword: "wrong", newPassword: "another horse battery" });
  expect([wrong.status, await wrong.text()]).toEqual([403, expect.stringContaining('currentPassword-fault">is wrong')]);
  const weak = await change({ currentPassword: password, newPassword: "password" });
  expect([weak.status, await weak.text()]).toEqual([422, expect.stringContaining('id="newPassword-fault"')]);
  const other = await quintet.issuer.auth.passwordGrant("carla", password);
  const changed = await change({ currentPassword: password, newPassword: "another horse battery" });
  expect(changed.headers.get("location")).toBe("/auth/account?done=password");
  expect(await (await person.open("/auth/account?done=password")).text()).toContain("Password changed.");
  expect(await quintet.issuer.auth.verifyToken(other?.access_token ?? "")).toBeUndefined();
  expect((await person.post("/auth/sign-out", {})).status).toBe(303);
  expect((await person.walk("/auth/account")).way).toEqual(["/auth/sign-in?next=%2Fauth%2Faccount"]);
});

test("too many wrong passwords are a 429 with Retry-After at every form that takes one", async () => {
  await quintet.issuer.register("emil");
  const person = await signedIn("emil");
  const { form_token = "" } = hiddenFields(await (await person.open("/auth/account")).text());
  const fields = { form_token, currentPassword: "wrong", newPassword: "another horse battery" };
  const tries = await Promise.all(Array.from({ length: 50 }, () => person.post("/auth/account/password", fields)));
  expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([403]));
  const more = await Promise.all(Array.from({ length: 52 }, () => person.post("/auth/account/password", fields)));
  const last = more.find(({ status }) => status === 429);
  expect(last?.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(await last?.text()).toContain("Too many");
});

test("an API client is made at a page, its secret shown once, and removed", async () => {
  const person = await signedIn("ana");
  const { form_token = "" } = hiddenFields(await (await person.open("/auth/account/clients/new")).text());
  const add = (fields: [string, string][]) =>
    fetch(`${quintet.origin}/auth/account/clients`, {
      method: "POST",
      body: new URLSearchParams([["form_token", form_token], ...fields]),
      headers: {
        Origin: quintet.origin,
        Cookie: [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
    });
  const faulty = await add([
    ["name", "Export"],
    ["kind", "public"],
    ["redirectUris", "https://a.example/\nhttp://b.example/"],
  ]);
  const again = await faulty.text();
  expect(faulty.status).toBe(422);
  expect(again).toContain('id="redirectUris-fault">must be https');
  expect(again).toContain('id="scope-fault"');
  expect(again).toContain("https://a.example/\nhttp://b.example/");
  expect(again).toMatch(/value="public" checked/);
  const made = await add([
    ["name", "Export"],
    ["kind", "confidential"],
    ["scope", "queue:send"],
    ["scope", "queue:receive"],
    ["redirectUris", ""],
  ]);
  const text = await made.text();
  expect([made.status, made.headers.get("cache-control")]).toEqual([200, "no-store"]);
  const secret = /class="secret"[^>]*>([\w-]{43})</.exec(text)?.[1] ?? "";
  const [client] = await quintet.issuer.auth.clients.list(
    (await quintet.issuer.auth.verifyPassword("ana", password))?.id ?? 0,
  );
  expect(client).toMatchObject({ name: "Export", scope: "queue:send queue:receive" });
  expect(secret).not.toBe("");
  const shown = await (await person.open(`/auth/account/clients/${client?.id}`)).text();
  expect(shown).not.toContain(secret);
  const stranger = await signedIn("owner");
  expect((await stranger.open(`/auth/account/clients/${client?.id}`)).status).toBe(404);
  expect((await person.post(`/auth/account/clients/${client?.id}/remove`, {})).status).toBe(403);
  expect((await person.post(`/auth/account/clients/${client?.id}/remove`, { form_token })).status).toBe(303);
  expect((await person.post(`/auth/account/clients/${client?.id}/remove`, { form_token })).status).toBe(404);
});

test("staff makes a link to a new password, shown once, for whoever may sign in", async () => {
  await quintet.issuer.auth.createFirstStaff("chief", password);
  await quintet.issuer.register("greta");
  const { id } = (await quintet.issuer.auth.verifyPassword("greta", password)) ?? { id: 0 };
  const chief = await signedIn("chief");
  const path = `/auth/staff/accounts/${id}`;
  const { form_token = "" } = hiddenFields(await (await chief.open(path)).text());
  expect((await chief.post(`${path}/links/new`, {})).status).toBe(403);
  const made = await (await chief.post(`${path}/links/new`, { form_token })).text();
  const token = /class="secret"[^>]*>http[^<]*[/=#]([\w-]{20,})</.exec(made)?.[1] ?? "";
  expect(await quintet.issuer.auth.resetLinks.isGood(token)).toBe(true);
  expect(await (await chief.open(path)).text()).not.toContain(token);
  await chief.post(`${path}/deactivate`, { form_token });
  const refused = await chief.post(`${path}/links/new`, { form_token });
  expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining("The account is deactivated.")]);
  expect((await chief.post("/auth/staff/accounts/999999/links/new", { form_token })).status).toBe(404);
  const own = (await quintet.issuer.auth.verifyPassword("chief", password))?.id;
  expect((await chief.post(`/auth/staff/accounts/${own}/deactivate`, { form_token })).status).toBe(409);
});
