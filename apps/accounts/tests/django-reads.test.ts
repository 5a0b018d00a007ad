import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { findTool } from "@quintet/stores/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type IssuerForTests, issuerForTests, password } from "./issuer-for-tests.ts";

const run = promisify(execFile);
const old = "pbkdf2_sha256$1000$seasalt2$S49th8Xc47KscagpBljXY4CPoOQm15ybR0Wgl8PYmz0=";
const oldPassword = "correct horse bättery";
const newPassword = "staple 😀 bättery";

// The hashers of a Django as it comes, without argon2-cffi.
const check = `
import json, sys
from django.conf import settings
settings.configure(PASSWORD_HASHERS=[
  "django.contrib.auth.hashers.PBKDF2PasswordHasher", "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"])
from django.contrib.auth.hashers import check_password
print(json.dumps([check_password(password, encoded) for password, encoded in json.load(sys.stdin)]))
`;

let issuer: IssuerForTests;
let python: string;
beforeAll(async () => {
  const admin = await findTool("django", process.env, (line) => console.log(line));
  python = /^#!\s*(\S+)/.exec(await readFile(admin, "utf8"))?.[1] ?? "python3";
  issuer = await issuerForTests({ rehash: false });
});
afterAll(() => issuer?.[Symbol.asyncDispose]());

/** Whether Django takes each password for its hash. */
const inDjango = async (...pairs: [string, string][]): Promise<boolean[]> => {
  const running = run(python, ["-c", check]);
  running.child.stdin?.end(JSON.stringify(pairs));
  return JSON.parse((await running).stdout) as boolean[];
};
const hashOf = async (username: string): Promise<string> => {
  const [rows] = await issuer.pool.execute("SELECT password FROM auth_user WHERE username = ?", [username]);
  return (rows as { password: string }[])[0]?.password ?? "";
};

test("without rehash an old hash stays, and Django reads every password made meanwhile", async () => {
  await issuer.register("ana");
  await issuer.pool.execute("UPDATE auth_user SET password = ? WHERE username = 'ana'", [old]);
  await issuer.register("berta");
  const made = await hashOf("berta");
  expect(made).toMatch(/^pbkdf2_sha256\$1500000\$[A-Za-z0-9]{22}\$/);
  expect(await issuer.auth.verifyPassword("ana", oldPassword)).toBeDefined();
  expect(await hashOf("ana")).toBe(old);

  const ana = await issuer.auth.verifyPassword("ana", oldPassword);
  const by = { accountId: ana?.id ?? 0 };
  await issuer.auth.changes.changePassword(by.accountId, oldPassword, newPassword, by);
  const changed = await hashOf("ana");
  expect(
    await inDjango([password, made], [newPassword, changed], [`${password} `, made], [oldPassword, changed]),
  ).toEqual([true, true, false, false]);
  expect(await issuer.auth.verifyPassword("ana", newPassword)).toBeDefined();
});
