import type { Auth } from "@quintet/auth";
import { createRemoteAuth } from "@quintet/auth/issuer";
import { connectRedis } from "@quintet/db";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { hiddenFields, personAtBrowser } from "./browser-client.ts";
import { type IssuerForTests, password } from "./issuer-for-tests.ts";
import { type ListeningIssuer, listeningIssuer } from "./listening-issuer.ts";
import { shopApp } from "./shop-app.ts";

const mounted = ({ auth }: IssuerForTests): Auth => auth;
const behindHttp = (issuer: IssuerForTests, origin: string): Auth =>
  createRemoteAuth({
    url: origin,
    issuer: origin,
    secret: issuer.secret,
    connect: () => connectRedis(inject("redisUrl"), { prefix: issuer.redisPrefix, onError: () => {} }),
    now: () => issuer.clock.now,
  });

describe.each([
  ["an app in the issuer's process", mounted],
  ["an app behind HTTP", behindHttp],
])("%s", (_, authOf) => {
  let quintet: ListeningIssuer;
  let auth: Auth;
  beforeAll(async () => {
    const beside = (issuer: IssuerForTests, origin: string) => {
      auth = authOf(issuer, origin);
      return shopApp(auth);
    };
    quintet = await listeningIssuer({ beside, news: true });
  });
  afterAll(async () => {
    if (auth !== (quintet.issuer.auth as unknown)) await auth[Symbol.asyncDispose]();
    await quintet[Symbol.asyncDispose]();
  });
  const signedIn = async (name = "ana") => {
    const person = personAtBrowser(quintet.origin);
    await person.signIn(name, password);
    return person;
  };

  test("sends who is not signed in to the sign-in page and back, and says who it is", async () => {
    const person = personAtBrowser(quintet.origin);
    const asked = await person.walk("/shop/own?a=1");
    expect(asked.way).toEqual(["/auth/sign-in?next=%2Fshop%2Fown%3Fa%3D1"]);
    const { next = "" } = hiddenFields(asked.text);
    const back = await person.submit("/auth/sign-in", { username: "ana", password, next });
    expect(back.way).toEqual(["/shop/own?a=1"]);
    expect(back.text).toContain("Signed in as </span>ana</a>");
    expect((await person.walk("/shop/open")).text).toContain("ana</a>");
    expect((await person.walk("/shop/nowhere")).text).toContain("ana</a>");
    expect((await person.open("/shop/staff")).status).toBe(403);
    expect((await personAtBrowser(quintet.origin).walk("/shop/open?a=2")).text).toContain(
      'href="/auth/sign-in?next=%2Fshop%2Fopen%3Fa%3D2"',
    );
  });

  test("leaves API clients alone: 401 with its challenge, and an Authorization header wins over cookies", async () => {
    const plain = await fetch(`${quintet.origin}/shop/own`);
    expect([plain.status, plain.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="quintet", Basic realm="quintet", charset="UTF-8"',
    ]);
    const person = await signedIn();
    expect((await person.open("/shop/own", { Authorization: "Bearer x", Accept: "*/*" })).status).toBe(401);
    const basic = `Basic ${Buffer.from(`owner:${password}`).toString("base64")}`;
    expect(await (await person.open("/shop/own", { Authorization: basic })).text()).toContain("owner</a>");
    const data = await person.open("/shop/own", { Accept: "application/json" });
    expect(data.status).toBe(200);
    person.cookies.delete("quintet-access");
    expect((await person.open("/shop/own", { Accept: "application/json" })).status).toBe(401);
  });

  test("has an access token renewed that has run out, also in the middle of a form", async () => {
    const person = await signedIn();
    person.cookies.delete("quintet-access");
    const page = await person.walk("/shop/open?a=1");
    expect(page.way).toEqual(["/auth/renew?next=%2Fshop%2Fopen%3Fa%3D1", "/shop/open?a=1"]);
    expect(page.text).toContain("ana</a>");
    person.cookies.delete("quintet-access");
    const sent = await person.submit("/shop/own", { what: "a ☂ & more" });
    expect(sent.way).toEqual(["/auth/renew?next=%2Fshop%2Fown", "/shop/own"]);
    expect(JSON.parse(sent.text)).toEqual({ by: "ana", what: "a ☂ & more" });
  });

  test("closes within a second of the sign-out, and keeps a form that was sent too late", async () => {
    const person = await signedIn();
    const access = person.cookies.get("quintet-access") ?? "";
    expect((await person.submit("/auth/sign-out", {})).way).toEqual(["/auth/sign-in?done=signed-out"]);
    expect(person.cookies.size).toBe(0);
    await vi.waitFor(async () => expect(await auth.access(access)).toBeUndefined(), { timeout: 1000, interval: 20 });

    const other = await signedIn();
    const { id } = (await quintet.issuer.auth.verifyPassword("ana", password)) ?? { id: 0 };
    await quintet.issuer.auth.changes.endSessions(id, { accountId: id });
    const held = other.cookies.get("quintet-access") ?? "";
    await vi.waitFor(async () => expect(await auth.access(held)).toBeUndefined(), { timeout: 1000, interval: 20 });
    const late = await other.submit("/shop/own", { what: '"kept" <b>' });
    expect([late.answer.status, late.answer.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="quintet"']);
    expect(other.cookies.size).toBe(0);
    expect(hiddenFields(late.text)).toEqual({ what: '"kept" <b>' });
    await other.signIn("ana", password);
    expect((await other.submit("/shop/own", hiddenFields(late.text))).text).toContain("kept");
    expect((await other.walk("/shop/own")).way).toEqual([]);
  });

  test("takes no form from another site", async () => {
    const person = await signedIn();
    const foreign: Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: "" },
      { "Sec-Fetch-Site": "same-origin", Origin: "https://evil.example" },
      { Origin: "https://evil.example", "X-Forwarded-Host": "evil.example" },
    ];
    for (const headers of foreign) {
      for (const path of ["/shop/own", "/auth/renew?next=/shop/own", "/auth/sign-out", "/auth/sign-up"]) {
        const { status } = await person.post(path, { what: "x" }, headers);
        expect([path, headers, status]).toEqual([path, headers, 403]);
      }
    }
    expect((await person.open("/shop/own")).status).toBe(200);
  });

  test("takes no form whose Origin is stolen, or that says nothing of where it comes from", async () => {
    const person = await signedIn();
    const stolen = { "Sec-Fetch-Site": "cross-site", Origin: quintet.origin };
    expect((await person.post("/shop/own", { what: "x" }, stolen)).status).toBe(403);
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const body = new URLSearchParams({ what: "x" });
    const silent = await fetch(`${quintet.origin}/shop/own`, { method: "POST", body, headers: { Cookie: cookie } });
    expect(silent.status).toBe(403);
  });

  test("looks at no cookie for what another site embeds, but at those of a link that was followed", async () => {
    const person = await signedIn();
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const isKnown = async (site: string, mode: string, dest: string) => {
      const told = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest };
      const headers = { Cookie: cookie, Accept: "text/html", ...told };
      const answer = await shopApp(auth).request(`${quintet.origin}/shop/open`, { headers });
      return (await answer.text()).includes("ana</a>");
    };
    expect(await isKnown("cross-site", "navigate", "document")).toBe(true);
    expect(await isKnown("none", "navigate", "document")).toBe(true);
    expect(await isKnown("same-origin", "cors", "empty")).toBe(true);
    expect(await isKnown("cross-site", "no-cors", "image")).toBe(false);
    expect(await isKnown("same-site", "cors", "empty")).toBe(false);
    expect(await isKnown("cross-site", "navigate", "iframe")).toBe(false);
  });

  test("leads to no other site, and writes no header of a stranger's", async () => {
    const person = await signedIn();
    const bad = [
      "//evil",
      "https://evil",
      "/\\evil",
      "/\\/evil",
      "\\\\evil",
      "/.//evil",
      "/%0d%0aSet-Cookie:x=1\r\ny",
      "javascript:alert(1)",
      "evil",
      "/ä",
    ];
    for (const next of bad) {
      const renewed = await person.open(`/auth/renew?next=${encodeURIComponent(next)}`);
      expect([next, renewed.headers.get("location")]).toEqual([next, "/auth/account"]);
      const shown = await (await person.open(`/auth/sign-in?next=${encodeURIComponent(next)}`)).text();
      expect(shown).toContain('href="/auth/account">Go on');
    }
    for (const next of ["//evil", "/\\evil"]) {
      expect((await person.signIn("ana", password, next)).headers.get("location")).toBe("/auth/account");
    }
  });

  test("does not go round in circles when the app refuses a token that is fresh", async () => {
    const person = await signedIn();
    const refusing = vi.spyOn(auth, "access").mockResolvedValue(undefined);
    const { answer, way } = await person.walk("/shop/own");
    refusing.mockRestore();
    expect([answer.status, answer.headers.get("retry-after"), way.length]).toEqual([503, "2", 1]);
  });
});

test("an access token that has expired is renewed though the browser still has it", async () => {
  await using quintet = await listeningIssuer({ beside: ({ auth }) => shopApp(auth) });
  const person = personAtBrowser(quintet.origin);
  await person.signIn("ana", password);
  quintet.issuer.clock.now += 16 * 60_000;
  const { way, text } = await person.walk("/shop/own");
  expect(way).toEqual([expect.stringMatching(/^\/auth\/renew\?next=%2Fshop%2Fown&refused=[\w-]{12}$/), "/shop/own"]);
  expect(text).toContain("ana</a>");
  quintet.issuer.clock.now += 31 * 24 * 3600_000;
  expect((await person.walk("/shop/own")).way).toEqual([
    expect.stringContaining("/auth/renew"),
    "/shop/own",
    "/auth/sign-in?next=%2Fshop%2Fown",
  ]);
});
