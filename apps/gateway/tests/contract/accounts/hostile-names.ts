import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import type { Answer, Client } from "../../harness/client.ts";
import type { Installation } from "../../harness/installation.ts";
import { unique } from "../../harness/values.ts";
import { routesOf } from "./guarded-routes.ts";

/** Names that look like `name`, are compared as equal by something, or break what reads them; none of them is the account's. */
function hostile(name: string): string[] {
  const lookAlike = name.replace("e", "е").replace("o", "ο"); // Cyrillic, Greek.
  const escapes = ["\0", " ", "\u00a0", "\u200b", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u202e", "\n", "\r\n", "\t"];
  return [
    lookAlike,
    name.toUpperCase(),
    name.replace("e", "é"),
    name.replace("e", "e\u0301"),
    name.replace("s", "ß"),
    ...escapes.flatMap((mark) => [`${name}${mark}`, `${mark}${name}`, `${name}${mark}x`]),
    `${name}%00`,
    `${name}\\`,
    `${name}' -- `,
    `${name}'#`,
    `${name}" OR ""="`,
    "' OR '1'='1' -- ",
    "x' UNION SELECT 1,2,3,4,5,6,7,8 -- ",
    "1 OR 1=1",
    "%",
    "_".repeat(name.length),
    `${name}%`,
    '{"$ne":null}',
    "__proto__",
    "$where",
    "😀".repeat(40),
    "\u0301".repeat(300),
    "(".repeat(5000),
    "a".repeat(10_240),
    "😀".repeat(2500),
  ];
}

type WayIn = (name: string, password: string, from: Client) => Promise<Answer>;

/** Every way into an account by a name and a password. */
function waysIn(quintet: Installation): WayIn[] {
  const form =
    (path: string, more = {}): WayIn =>
    (username, password, from) =>
      from.post(path, new URLSearchParams({ ...more, username, password }));
  const basic =
    (path: string): WayIn =>
    (name, password, from) =>
      from.with({ Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` }).get(path);
  return [
    form("/auth/token", { grant_type: "password" }),
    form("/auth/sign-in"),
    form("/queue/login"),
    form("/social/login"),
    ...routesOf(quintet).map(basic),
  ];
}

/** The statuses by which they refuse a name or a password. */
const refusals = [400, 401, 403, 422];
const full = process.env.QUINTET_FAULTS === "full";
const atOnce = 8;

/** No spelling of a name gets anybody into an account that is not his, wherever a name is taken; nothing breaks. */
export function hostileNames(quintet: Installation): void {
  const { anyone, plain, staff } = quintet;
  // Each name is tried from an address of its own, so that none is refused for what others did.
  const somewhere = () =>
    anyone.with({ "X-Forwarded-For": `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}` });
  const ways = waysIn(quintet);
  /** What went wrong where the account's own password came with each name: at full size by every way, otherwise by one in turn. */
  const tried = async (names: string[], fine: (status: number) => boolean) => {
    const wrong: string[] = [];
    const attempts = names.flatMap((name, i) =>
      ways.flatMap((way, k) => (full || k === i % ways.length ? [{ name, way, k }] : [])),
    );
    for (let i = 0; i < attempts.length; i += atOnce) {
      const some = attempts.slice(i, i + atOnce).map(async ({ name, way, k }) => {
        const { status, text } = await way(name, plain.password, somewhere());
        if (!fine(status))
          wrong.push(`${JSON.stringify(name).slice(0, 60)}, way ${k}: ${status} ${text.slice(0, 200)}`);
      });
      await Promise.all(some);
    }
    return wrong;
  };

  it("sign nobody in, by the username or by the email", { timeout: 120_000 }, async () => {
    expect(await tried(hostile(plain.username), (status) => refusals.includes(status))).toEqual([]);
    const emails = hostile(plain.email.split("@")[0] ?? "")
      .slice(0, 20)
      .map((name) => `${name}@example.com`);
    // An email is one whatever its case.
    const others = emails.filter((email) => email.toLowerCase() !== plain.email.toLowerCase());
    expect(await tried(others, (status) => refusals.includes(status))).toEqual([]);
  });

  it("but what is the same name in NFKC is the same name, as in Django", async () => {
    const wide = [...plain.username].map((letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));
    const names = [wide.join(""), plain.username.replace("s", "ſ"), plain.username, plain.email.toUpperCase()];
    const asOften = names.flatMap((name) => ways.map(() => name));
    expect(await tried(asOften, (status) => !refusals.includes(status) && status < 500)).toEqual([]);
  });

  it("make no account that is let into another, or that another is let into", { timeout: 120_000 }, async () => {
    const password = unique("of my own");
    const ids = new Set<unknown>();
    for (const username of hostile(plain.username)) {
      const email = `${unique("mail")}@example.com`;
      const made = await anyone.post("/auth/register", { username, email, password });
      expect([201, 409, 422], `${JSON.stringify(username).slice(0, 60)} ${made.text}`).toContain(made.status);
      if (made.status === 201) ids.add(made.json().id);
      const named = await anyone.post("/social/users", { email: `${username}@example.com`, password });
      expect([201, 409, 422], `${JSON.stringify(username).slice(0, 60)} ${named.text}`).toContain(named.status);
    }
    expect(ids).not.toContain(plain.id);
    const basic = (secret: string) => {
      const pair = Buffer.from(`${plain.username}:${secret}`).toString("base64");
      return somewhere()
        .with({ Authorization: `Basic ${pair}` })
        .get("/auth/me");
    };
    expect((await basic(password)).status).toBe(401);
    expect((await basic(plain.password)).json()).toMatchObject({ id: plain.id });
  });

  it("find nobody whom they do not begin the name of", async () => {
    for (const q of hostile(plain.username)) {
      const answer = await staff.get("/auth/accounts", { q });
      if ([400, 414, 431].includes(answer.status)) continue; // Too long, or no name at all.
      expect(answer.status, answer.text).toBe(200);
      const { accounts } = answer.json<{ accounts: { username: string }[] }>();
      const names = accounts.map(({ username }) => username);
      expect(names).not.toContain(staff.username);
    }
  });
}
