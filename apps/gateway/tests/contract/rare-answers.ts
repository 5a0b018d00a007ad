import { expect, it } from "vitest";
import type { Client } from "../harness/client.ts";
import type { Installation } from "../harness/installation.ts";
import { register } from "../harness/person.ts";
import { secretMark } from "../harness/test-settings.ts";
import { unique } from "../harness/values.ts";

/** What takes more than an installation that is well: stores that are away, a mail server, a transfer that was interrupted, thousands of rows. */
const elsewhere =
  /^DELETE \/queue\/queues\/\{name\}\/messages\/\{id\} 409$|^(GET|POST) \/queue\/sqs(\/\{account\}\/\{queue\})? 5XX$|^GET (\/\w+)?\/health 503$|^POST \/ingest\/(\{table\}\/csv|loads\/\{id\}\/retry) default$|^DELETE \/ingest\/loads\/\{id\}\/rejects 409$|^POST \/ingest\/backups\/\{name\}\/verify (409|422)$|^POST \/auth\/forgot (202|429)$|^GET \/properties(\/statistics|\/searches\/\{id\}\/results)? 422$|^POST \/properties\/searches 409$|^POST \/(auth\/register|social\/(users|posts|posts\/\{id\}\/comments|reports)) 429$|^PUT \/social\/users\/\{id\}\/(block|mute) 409$/;

/** Answers that no other test of the contract gets; each is compared with the document as it comes. */
export function rareAnswers(quintet: Installation): void {
  const { anyone, plain, staff, origin } = quintet;
  const wrongClient = anyone.with({ Authorization: `Basic ${btoa("nobody:nothing")}` });
  const form = (fields: Record<string, string>) => new URLSearchParams(fields);
  const statuses = async (calls: Promise<{ status: number }>[]) =>
    (await Promise.all(calls)).map(({ status }) => status);

  it("refuses clients that are not known, and tells those that are what a token is good for", async () => {
    const { id, secret } = (await plain.post("/auth/clients", { name: "reader", scope: "queue:read" })).json();
    const known = anyone.with({ Authorization: `Basic ${btoa(`${id}:${secret}`)}` });
    const introspected = await known.post("/auth/introspect", form({ token: "x" }));
    expect(introspected.json()).toEqual({ active: false });
    expect(
      await statuses([
        wrongClient.post("/auth/introspect", form({ token: "x" })),
        wrongClient.post("/auth/revoke", form({ token: "x" })),
        wrongClient.post("/auth/token", form({ grant_type: "client_credentials" })),
      ]),
    ).toEqual([401, 401, 401]);
    const nothing = "00000000-0000-4000-8000-000000000000";
    expect(
      await statuses([plain.delete(`/auth/clients/${nothing}`), plain.delete(`/auth/sessions/${nothing}`)]),
    ).toEqual([404, 404]);
  });

  it("hands a link over for an account that is there and active, and lets staff not shut itself out", async () => {
    const somebody = await register(origin, unique("linked"), `${secretMark}of-linked`);
    const own = `/auth/accounts/${somebody.id}`;
    const link = (await staff.post(`${own}/reset-link`)).json<{ url: string }>();
    expect(new URL(link.url).pathname).toBe("/auth/new-password");
    expect((await staff.patch(own, { isActive: false })).status).toBe(200);
    expect(
      await statuses([
        staff.post(`${own}/reset-link`),
        staff.patch(`/auth/accounts/${staff.id}`, { isActive: false }),
        staff.post("/auth/accounts/2147483647/reset-link"),
        staff.patch("/auth/accounts/2147483647", { isActive: false }),
        staff.delete("/auth/accounts/2147483647/sessions"),
      ]),
    ).toEqual([409, 409, 404, 404, 404]);
  });

  it("takes no invitation that is not good, and lets staff invite and make accounts", async () => {
    const input = () => ({
      username: unique("asked"),
      email: `${unique("asked")}@example.com`,
      password: `${secretMark}of-asked`,
    });
    const { username: _, ...person } = input();
    const invitation = "x".repeat(43);
    const made = (await staff.post("/auth/invitations", {})).json<{ id: number; token: string }>();
    const revoked = (await staff.post("/auth/invitations", { days: 1 })).json<{ id: number }>();
    const account = input();
    expect(
      await statuses([
        anyone.post("/auth/register", { ...input(), invitation }),
        anyone.post("/social/users", { ...person, invitation }),
        anyone.post("/auth/register", { ...account, invitation: made.token }),
        staff.delete(`/auth/invitations/${revoked.id}`),
        staff.delete("/auth/invitations/4294967295"),
        staff.post("/auth/accounts", input()),
      ]),
    ).toEqual([403, 403, 201, 204, 404, 201]);
    expect(
      await statuses([
        staff.delete(`/auth/invitations/${made.id}`),
        anyone.post("/auth/register", { ...input(), invitation: made.token }),
        staff.post("/auth/accounts", account),
        staff.get("/auth/invitations"),
      ]),
    ).toEqual([409, 403, 409, 200]);
  });

  it("gives an account fifty clients and no more", async () => {
    const owner = await register(origin, unique("owner"), `${secretMark}of-owner`);
    for (let i = 0; i < 50; i++) await owner.post("/auth/clients", { name: `c${i}`, scope: "queue:read" });
    expect((await owner.post("/auth/clients", { name: "one more", scope: "queue:read" })).status).toBe(409);
  });

  it("takes no body where none means anything", async () => {
    const name = unique("bodies");
    await staff.put(`/queue/queues/${name}`, {});
    const large = Buffer.alloc(9000, " ");
    const json = { "Content-Type": "application/json" };
    const tried = async (by: Client, path: string, tooLarge = large) => [
      (await by.post(path, tooLarge, { headers: json })).status,
      (await by.post(path, "x", { headers: { "Content-Type": "text/plain" } })).status,
      (await by.post(path, { a: 1 })).status,
    ];
    expect(await tried(plain, "/queue/pop")).toEqual([413, 415, 422]);
    expect(await tried(staff, `/queue/queues/${name}/purge`)).toEqual([413, 415, 422]);
    expect(await tried(plain, "/queue/access-keys")).toEqual([413, 415, 422]);
    // It takes a body, a small one.
    const redrive = `/queue/queues/${name}/redrive`;
    expect(await tried(staff, redrive, Buffer.alloc(17_000, " "))).toEqual([413, 415, 422]);
    expect((await staff.post(redrive, large, { headers: json })).status).toBe(400);
  });

  it("keeps a queue that is full, and one that is another's dead letters", async () => {
    const name = unique("full");
    await staff.put(`/queue/queues/${name}-dead`, {});
    await staff.put(`/queue/queues/${name}`, { maxLength: 1, maxReceives: 1, deadLetterQueue: `${name}-dead` });
    const send = () => plain.post(`/queue/queues/${name}/messages`, { body: 1 });
    expect([(await send()).status, (await send()).status]).toEqual([201, 409]);
    expect((await staff.delete(`/queue/queues/${name}-dead`)).status).toBe(409);
  });

  it("tells whoever changes a user what stands against it", async () => {
    const person = (email: string) => ({ firstName: "Rare", lastName: "Case", email: `${email}@example.com`, bio: "" });
    const [first, second] = [unique("rare"), unique("rare")];
    const made = await staff.post("/directory/users", person(first));
    await staff.post("/directory/users", person(second));
    const path = `/directory/users/${made.json().id}`;
    expect(
      await statuses([
        staff.post("/directory/users", person(first)),
        staff.patch(path, { bio: "b" }),
        staff.patch(path, { email: `${second}@example.com` }, { headers: { "If-Match": "*" } }),
      ]),
    ).toEqual([409, 428, 409]);
  });

  it("has no part of a backup behind its end", async () => {
    const { name } = (await staff.post("/ingest/jobs/backups")).json();
    const part = await plain.with({ Range: "bytes=99999999-" }).get(`/ingest/backups/${name}`);
    expect(part.status).toBe(416);
  });

  it("leaves no answer out that the document gives a schema", () => {
    expect(quintet.unseen().filter((name) => !elsewhere.test(name))).toEqual([]);
  });
}
