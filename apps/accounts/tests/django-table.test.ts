import type { MysqlPool } from "@quintet/db";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IssuerForTests, issuerForTests } from "./issuer-for-tests.ts";

const password = "correct horse bättery";
const strong = "pbkdf2_sha256$1000$seasalt2$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=";

/** The table as Django's migrations make it on MySQL. */
const table = `CREATE TABLE auth_user (
  id integer AUTO_INCREMENT NOT NULL PRIMARY KEY, password varchar(128) NOT NULL, last_login datetime(6) NULL,
  is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE, first_name varchar(150) NOT NULL,
  last_name varchar(150) NOT NULL, email varchar(254) NOT NULL, is_staff bool NOT NULL, is_active bool NOT NULL,
  date_joined datetime(6) NOT NULL)`;

/** A row as a Django site has it; the hashes are Django's own. */
async function add(pool: MysqlPool, username: string, hash = strong, changes: object = {}): Promise<void> {
  const row = { email: `${username}@django.example`, isStaff: 0, isActive: 1, ...changes };
  await pool.execute(
    `INSERT INTO auth_user
       (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
     VALUES (:hash, 0, :username, 'Ana', 'García', :email, :isStaff, :isActive, '2019-05-06 07:08:09.123456')`,
    { ...row, username, hash },
  );
}

let issuer: IssuerForTests;
let before: string;
const definition = async (pool: MysqlPool) => {
  const [rows] = await pool.query<RowDataPacket[]>("SHOW CREATE TABLE auth_user");
  return String(rows[0]?.["Create Table"]).replace(/ AUTO_INCREMENT=\d+/, "");
};

beforeAll(async () => {
  issuer = await issuerForTests({
    prepare: async (pool) => {
      await pool.query(table);
      before = await definition(pool);
      await add(pool, "pbkdf2", strong);
      await add(pool, "sha1", "pbkdf2_sha1$1000$seasalt2$AjqaKfikcz1q5oZHCzplBofmOCY=");
      await add(pool, "argon2", "argon2$argon2id$v=19$m=1024,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$IUWMXPcB4gjzOxAgUVYRrg");
      await add(pool, "argon2i", "argon2$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHRzb21lc2FsdA$4tTQQpgQTWsbAoA6P2KI+Q");
      await add(pool, "bcrypt", "bcrypt$$2b$04$R5mEVGl0acbCXpEA.X49kuiInjAT4i1esIjNSbhPTAh2jThYzEG1W");
      await add(pool, "bcryptsha", "bcrypt_sha256$$2b$04$vZAR8st4a6TvR6e95Wx6P.ExdEHhrSq9YVWvKyifbI6cyWzexwN5S");
      await add(pool, "unusable", "!NjHuEko0INcGvxOOPZpenmq33m4t6XdHLN8L6Rca");
      await add(pool, "Chief", strong, { isStaff: 1, email: "Chief@Django.example" });
      await add(pool, "idle", strong, { isActive: 0 });
      await add(pool, "twin1", strong, { email: "twin@django.example" });
      await add(pool, "twin2", strong, { email: "Twin@django.example" });
      await add(pool, "mailless", strong, { email: "" });
    },
  });
});
afterAll(() => issuer[Symbol.asyncDispose]());

const hashOf = async (username: string) => {
  const [rows] = await issuer.pool.execute<RowDataPacket[]>("SELECT password FROM auth_user WHERE username = ?", [
    username,
  ]);
  return String(rows[0]?.password);
};

test("the table is left as it was", async () => {
  expect(await definition(issuer.pool)).toEqual(before);
});

test.each(["pbkdf2", "sha1", "argon2", "argon2i", "bcrypt", "bcryptsha"])(
  "%s: signs in, and the hash becomes Argon2id at that sign-in only",
  async (username) => {
    const old = await hashOf(username);
    expect(await issuer.auth.passwordGrant(username, "wrong")).toBeUndefined();
    expect(await hashOf(username)).toBe(old);
    expect(await issuer.auth.verifyPassword(username, password)).toEqual({
      id: expect.any(Number),
      username,
      email: `${username}@django.example`,
      isStaff: false,
      createdAt: "2019-05-06T07:08:09.123Z",
    });
    const fresh = await hashOf(username);
    expect(fresh).toMatch(/^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await issuer.auth.passwordGrant(username, password)).toBeDefined();
    expect(await hashOf(username)).toBe(fresh);
  },
);

test("an unusable password and an inactive account do not sign in", async () => {
  for (const secret of [password, "", "!", "!NjHuEko0INcGvxOOPZpenmq33m4t6XdHLN8L6Rca"]) {
    expect(await issuer.auth.passwordGrant("unusable", secret)).toBeUndefined();
  }
  expect(await issuer.auth.passwordGrant("idle", password)).toBeUndefined();
  expect(await hashOf("idle")).toBe(strong);
});

test("a username is exact though the column is not, and staff is staff", async () => {
  expect(await issuer.auth.verifyPassword("Chief", password)).toMatchObject({ isStaff: true });
  expect(await issuer.auth.verifyPassword("chief", password)).toBeUndefined();
  expect(await issuer.auth.verifyPassword("chief@django.example", password)).toMatchObject({ username: "Chief" });
});

describe("emails", () => {
  test("of several accounts with one email the oldest has it", async () => {
    expect(await issuer.auth.verifyPassword("twin@django.example", password)).toMatchObject({ username: "twin1" });
    expect(await issuer.auth.verifyPassword("twin2", password)).toMatchObject({ username: "twin2" });
  });

  test("no email is nobody's", async () => {
    expect(await issuer.auth.verifyPassword("", password)).toBeUndefined();
    expect(await issuer.auth.verifyPassword("mailless", password)).toBeDefined();
  });

  test("what Django adds later is found, and taken, at once", async () => {
    await add(issuer.pool, "late", strong);
    expect(await issuer.auth.verifyPassword("late@django.example", password)).toMatchObject({ username: "late" });
    const input = { username: "later", email: "Late@django.example", password };
    await expect(issuer.auth.register(input)).rejects.toMatchObject({ status: 409, errors: [{ path: "email" }] });
    await issuer.auth.register({ ...input, email: "later@django.example" });
    expect(await issuer.auth.verifyPassword("late@django.example", password)).toMatchObject({ username: "late" });
  });

  test("an email that Django has changed signs nobody in, and the new one does when it is learnt", async () => {
    await issuer.pool.query("UPDATE auth_user SET email = 'new@django.example' WHERE username = 'bcrypt'");
    expect(await issuer.auth.verifyPassword("bcrypt@django.example", password)).toBeUndefined();
    await Promise.all([issuer.auth.learnEmails(), issuer.auth.learnEmails()]);
    expect(await issuer.auth.verifyPassword("new@django.example", password)).toMatchObject({ username: "bcrypt" });
    await issuer.auth.register({ username: "heir", email: "bcrypt@django.example", password });
    await issuer.auth.learnEmails();
    expect(await issuer.auth.verifyPassword("bcrypt@django.example", password)).toMatchObject({ username: "heir" });
  });
});
