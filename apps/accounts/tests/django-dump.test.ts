import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { Account } from "@quintet/auth";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { form, type IssuerForTests, issuerForTests } from "./issuer-for-tests.ts";

/** An account that Django has made (`django/make_dump.py`), and what Django says of it. */
interface Person {
  /** As its owner writes it; `stored` is what Django made of it. */
  username: string;
  stored: string;
  email: string;
  password: string;
  isStaff: boolean;
  letIn: boolean;
  /** Whether the password with one letter more is good too, as with bcrypt beyond 72 bytes. */
  letInWithMore: boolean;
}

const folder = new URL("django/", import.meta.url);
const people = JSON.parse(readFileSync(new URL("people.json", folder), "utf8")) as Person[];
const dump = readFileSync(new URL("auth_user.sql", folder), "utf8");

let issuer: IssuerForTests;
beforeAll(async () => {
  issuer = await issuerForTests({
    prepare: async (pool) => {
      for (const statement of dump.split(/;\n/)) if (statement.trim() !== "") await pool.query(statement);
    },
  });
});
afterAll(() => issuer[Symbol.asyncDispose]());

const token = (username: string, password: string) =>
  issuer.send("POST", "/auth/token", form({ grant_type: "password", username, password }));
const me = (username: string, password: string) =>
  issuer.send("GET", "/auth/me", undefined, {
    Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
  });
const hashOf = async (username: string) => {
  const [rows] = await issuer.pool.execute<RowDataPacket[]>("SELECT password FROM auth_user WHERE username = ?", [
    username,
  ]);
  return String(rows[0]?.password);
};
const twin = "twin@django.example";

describe("whom Django lets in signs in here, by Basic and by the password grant; nobody else does", () => {
  test("the dump is whole", async () => {
    expect(people.filter(({ letIn }) => letIn)).toHaveLength(27);
    expect(people.filter(({ letIn }) => !letIn)).toHaveLength(3);
    const [rows] = await issuer.pool.query<RowDataPacket[]>("SELECT COUNT(*) AS n FROM auth_user");
    expect(rows[0]?.n).toBe(people.length);
  });

  // Concurrent, since each spends its time in the delay of a wrong password.
  test.concurrent.each(people)("$stored", async (person) => {
    const { username, stored, email, password, isStaff, letIn, letInWithMore } = person;
    const before = await hashOf(stored);
    if (!letInWithMore) expect((await token(username, `${password}x`)).status).toBe(400);
    expect((await me(username, `x${password}`)).status).toBe(401);
    expect(await hashOf(stored)).toBe(before);
    const [basic, grant] = [await me(username, password), await token(username, password)];
    expect([basic.status, grant.status]).toEqual(letIn ? [200, 200] : [401, 400]);
    if (!letIn) {
      expect(await hashOf(stored)).toBe(before);
      return;
    }
    const account = (await basic.json()) as Account;
    expect(account).toMatchObject({ username: stored, email, isStaff });
    const { access_token } = (await grant.json()) as { access_token: string };
    expect(await issuer.auth.verifyToken(access_token)).toEqual(account);
    expect(await hashOf(stored)).toMatch(/^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    if (email !== "" && email !== twin) expect((await token(email, password)).status).toBe(200);
  });
});

/** Debian's Python with Django, on the tables of the issuer: whom it lets in. */
async function askDjango(asked: [username: string, password: string][]): Promise<boolean[]> {
  const script = new URL("authenticate.py", folder).pathname;
  const env = { ...process.env, MYSQL_URL: issuer.mysqlUrl, PYTHONDONTWRITEBYTECODE: "1" };
  const running = promisify(execFile)(python, [script], { env });
  running.child.stdin?.end(JSON.stringify(asked));
  return JSON.parse((await running).stdout) as boolean[];
}

const python = "/usr/bin/python3";
const hasDjango = spawnSync(python, ["-c", "import django, MySQLdb, argon2, bcrypt"]).status === 0;

// Needs Debian's python3-django, python3-mysqldb, python3-argon2 and python3-bcrypt.
describe.runIf(hasDjango && process.env.QUINTET_FAULTS === "full")("the way back", () => {
  test("Django lets in whom it did before, by the hashes made here, and so do we after Django has hashed anew", async () => {
    const made = { username: "made_here", email: "made_here@example.com", password: "contraseña 東京" };
    await issuer.auth.register(made);
    const everybody = [
      ...people.map(({ stored, password, letIn }) => ({ stored, password, letIn })),
      { stored: made.username, password: made.password, letIn: true },
    ];
    expect(await askDjango(everybody.map(({ stored, password }) => [stored, `${password}x`]))).not.toContain(true);
    const answers = await askDjango(everybody.map(({ stored, password }) => [stored, password]));
    expect(answers).toEqual(everybody.map(({ letIn }) => letIn));
    // Django's own settings are others: it has replaced the hashes, and we replace them again.
    for (const { stored, password, letIn } of everybody) {
      if (letIn) expect(await hashOf(stored)).toMatch(/^argon2\$argon2id\$v=19\$m=102400,t=2,p=8\$/);
      expect((await token(stored, password)).status).toBe(letIn ? 200 : 400);
    }
  });
});
