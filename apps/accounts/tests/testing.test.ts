import { testAuth } from "@quintet/accounts/testing";
import { expect, inject, test } from "vitest";

test("gives a real issuer with three accounts that can sign in", async () => {
  await using issuer = await testAuth(inject("mysqlUrl"));
  for (const one of [issuer.staff, issuer.plain, issuer.other]) {
    expect(await issuer.auth.verifyToken(one.bearer.slice("Bearer ".length))).toEqual(one.account);
    expect(await issuer.auth.verifyPassword(one.username, one.password)).toEqual(one.account);
    expect(await issuer.auth.verifyPassword(one.username, `${one.password}!`)).toBeUndefined();
  }
  expect(issuer.staff.account.isStaff).toBe(true);
  expect(issuer.plain.account.isStaff).toBe(false);
});
