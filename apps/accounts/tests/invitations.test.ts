import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RegistrationMode } from "../src/registration/admission.ts";
import { type IssuerForTests, issuerForTests, password, publicUrl } from "./issuer-for-tests.ts";

const issuers = new Map<RegistrationMode, IssuerForTests>();
const bearers = new Map<RegistrationMode, Record<string, string>>();
let count = 0;
beforeAll(async () => {
  for (const registration of ["open", "closed", "invite"] as const) {
    const issuer = await issuerForTests({ registration });
    await issuer.auth.createFirstStaff("admin", password);
    const tokens = await issuer.auth.passwordGrant("admin", password);
    issuers.set(registration, issuer);
    bearers.set(registration, { Authorization: `Bearer ${tokens?.access_token}` });
  }
});
afterAll(async () => {
  for (const issuer of issuers.values()) await issuer[Symbol.asyncDispose]();
});

const at = (mode: RegistrationMode) => issuers.get(mode) as IssuerForTests;
const person = (changes: object = {}) => {
  const username = `person${count++}`;
  return { username, email: `${username}@example.com`, password, ...changes };
};
const register = async (mode: RegistrationMode, input: object, headers: Record<string, string> = {}) => {
  const response = await at(mode).send("POST", "/auth/register", input, headers);
  return { status: response.status, ...((await response.json()) as { id?: number; errors?: { path: string }[] }) };
};
interface Made {
  id: number;
  token: string;
  url: string;
}
const invite = async (input: object = {}, headers: Record<string, string> = {}): Promise<Made> => {
  const response = await at("invite").send("POST", "/auth/invitations", input, {
    ...bearers.get("invite"),
    ...headers,
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Made;
};
const signUp = (mode: RegistrationMode, fields: Record<string, string>) =>
  at(mode).send("POST", "/auth/sign-up", new URLSearchParams(fields), { Origin: publicUrl });

describe("REGISTRATION=closed", () => {
  test("nobody but staff makes an account, whatever comes along; the pages say so", async () => {
    expect(await register("closed", person())).toMatchObject({ status: 403 });
    expect(await register("closed", { username: "" })).toMatchObject({ status: 403 });
    expect(await register("closed", person({ invitation: "x".repeat(43) }))).toMatchObject({ status: 403 });
    await expect(at("closed").auth.register(person())).rejects.toMatchObject({ code: "forbidden" });
    for (const page of [await at("closed").send("GET", "/auth/sign-up"), await signUp("closed", person())]) {
      const text = await page.text();
      expect([page.status, text]).toEqual([403, expect.stringContaining("Only staff can create accounts here")]);
      expect(text).not.toContain("<form");
    }
    expect(await (await at("closed").send("GET", "/auth/sign-in")).text()).not.toContain("/auth/sign-up");
    const made = await at("closed").send("POST", "/auth/accounts", person({ username: "made" }), bearers.get("closed"));
    expect(made.status).toBe(201);
    expect(await at("closed").auth.verifyPassword("made", password)).toBeDefined();
  });
});

describe("REGISTRATION=open", () => {
  test("needs no invitation, and takes none that is bad", async () => {
    expect(await register("open", person())).toMatchObject({ status: 201 });
    expect(await register("open", person({ invitation: "x".repeat(43) }))).toMatchObject({
      status: 403,
      errors: [{ path: "invitation" }],
    });
    const page = await (await at("open").send("GET", "/auth/sign-up?invitation=x")).text();
    expect(page).not.toContain('name="invitation"');
    expect(await (await at("open").send("GET", "/auth/sign-in")).text()).toContain("/auth/sign-up");
  });
});

describe("REGISTRATION=invite", () => {
  test("an account is made with an invitation, once, whoever is quickest", async () => {
    expect(await register("invite", person())).toMatchObject({ status: 403, errors: [{ path: "invitation" }] });
    const { token, url } = await invite();
    expect(url).toBe(`${publicUrl}/auth/sign-up?invitation=${token}`);
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => register("invite", person({ invitation: token }))),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(403)]);
    const [rows] = await at("invite").pool.query<RowDataPacket[]>("SELECT * FROM auth_invitation");
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(Buffer.concat(rows.map((row) => row.token_hash as Buffer))).not.toContain(Buffer.from(token, "base64url"));
  });

  test("what is refused leaves the invitation as it was, and nothing is learnt of names without one", async () => {
    const { token } = await invite();
    expect(await register("invite", person({ username: "admin" }))).toMatchObject({ status: 403 });
    expect(await register("invite", person({ username: "admin", invitation: token }))).toMatchObject({ status: 409 });
    expect(await register("invite", person({ password: "short", invitation: token }))).toMatchObject({ status: 422 });
    const key = { "Idempotency-Key": "invited" };
    const input = person({ invitation: token });
    const made = await register("invite", input, key);
    expect(made).toMatchObject({ status: 201 });
    expect(await register("invite", input, key)).toEqual(made);
  });

  test("one for an email is for nobody else, in any spelling of case", async () => {
    const { token } = await invite({ email: "Ana@Example.com" });
    expect(await register("invite", person({ invitation: token }))).toMatchObject({ status: 403 });
    const input = person({ email: "aNA@example.com", invitation: token });
    expect(await register("invite", input)).toMatchObject({ status: 201 });
  });

  test("one that was revoked or has expired is not good; the list says what became of each", async () => {
    const staff = bearers.get("invite");
    const [revoked, late, used] = [await invite({ days: 30 }), await invite({ days: 1 }), await invite({ days: 30 })];
    expect(await register("invite", person({ invitation: used.token }))).toMatchObject({ status: 201 });
    const remove = async (id: number) =>
      (await at("invite").send("DELETE", `/auth/invitations/${id}`, undefined, staff)).status;
    expect([await remove(revoked.id), await remove(revoked.id), await remove(used.id), await remove(9999)]).toEqual([
      204, 204, 409, 404,
    ]);
    at("invite").clock.now += 24 * 3600_000;
    const tokens = await at("invite").auth.passwordGrant("admin", password);
    bearers.set("invite", { Authorization: `Bearer ${tokens?.access_token}` });
    for (const { token } of [revoked, late, used]) {
      expect(await register("invite", person({ invitation: token }))).toMatchObject({ status: 403 });
    }
    const page = await at("invite").send("GET", "/auth/invitations?limit=3", undefined, bearers.get("invite"));
    const { invitations, nextCursor } = (await page.json()) as { invitations: { state: string }[]; nextCursor: string };
    expect(invitations.map(({ state }) => state)).toEqual(["used", "expired", "revoked"]);
    expect(invitations[0]).toMatchObject({ accountId: expect.any(Number), madeBy: expect.any(Number), email: null });
    const next = `/auth/invitations?cursor=${nextCursor}`;
    expect((await at("invite").send("GET", next, undefined, bearers.get("invite"))).status).toBe(200);
    const events = await at("invite").auth.audit({ filter: {}, beforeId: Number.MAX_SAFE_INTEGER, limit: 200 });
    const told = events.map(({ action, subject }) => `${action} ${subject}`);
    expect(told).toEqual(expect.arrayContaining([`invitation-made ${used.id}`, `invitation-revoked ${revoked.id}`]));
    expect(told).toContain(`registered invitation ${used.id}`);
  });

  test("the same Idempotency-Key gives the same invitation, and none for whoever is not staff", async () => {
    const key = { "Idempotency-Key": "made-once" };
    expect(await invite({}, key)).toEqual(await invite({}, key));
    expect((await at("invite").send("POST", "/auth/invitations", {})).status).toBe(401);
    const { token } = await invite();
    const input = person({ invitation: token });
    await register("invite", input);
    const tokens = await at("invite").auth.passwordGrant(input.username, password);
    const plain = { Authorization: `Bearer ${tokens?.access_token}` };
    expect((await at("invite").send("POST", "/auth/invitations", {}, plain)).status).toBe(403);
    for (const days of [0, 366, 1.5]) {
      const refused = await at("invite").send("POST", "/auth/invitations", { days }, bearers.get("invite"));
      expect(refused.status).toBe(422);
    }
  });

  test("staff makes and revokes them at a page", async () => {
    const headers = { ...bearers.get("invite"), Origin: publicUrl };
    const page = async (method: string, path: string, fields?: Record<string, string>) => {
      const response = await at("invite").send(method, path, fields && new URLSearchParams(fields), headers);
      return { status: response.status, location: response.headers.get("location"), text: await response.text() };
    };
    const home = "/auth/staff/invitations";
    const form_token = /name="form_token" value="([^"]+)"/.exec((await page("GET", home)).text)?.[1] ?? "";
    const faulty = await page("POST", home, { form_token, email: "nobody", days: "0" });
    expect([faulty.status, faulty.text]).toEqual([422, expect.stringContaining('id="email-fault">')]);
    const made = await page("POST", home, { form_token, email: "b@example.com", days: "3" });
    expect(made.status).toBe(200);
    const token = /sign-up\?invitation=([\w-]{43})/.exec(made.text)?.[1] ?? "";
    expect((await page("GET", home)).text).not.toContain(token);
    const id = /invitations\/(\d+)\/revoke/.exec(made.text)?.[1];
    expect((await page("POST", `${home}/${id}/revoke`, { form_token: "x" })).status).toBe(403);
    const revoked = await page("POST", `${home}/${id}/revoke`, { form_token });
    expect([revoked.status, revoked.location]).toEqual([303, `${home}?done=revoked`]);
    const input = person({ email: "b@example.com", invitation: token });
    expect(await register("invite", input)).toMatchObject({ status: 403 });
  });

  test("at the page, to which its link leads", async () => {
    const { token, url } = await invite();
    const page = await at("invite").send("GET", url.slice(publicUrl.length));
    expect(page.headers.get("referrer-policy")).toBe("strict-origin");
    expect(await page.text()).toContain(`value="${token}"`);
    const without = await signUp("invite", person());
    expect([without.status, await without.text()]).toEqual([403, expect.stringContaining('id="invitation-fault">')]);
    expect((await signUp("invite", person({ invitation: ` ${token} ` }))).status).toBe(303);
    const signIn = await (await at("invite").send("GET", "/auth/sign-in")).text();
    expect(signIn).toContain("Have an invitation?");
  });
});
