import { expect, test } from "vitest";
import type { Account } from "./account.ts";
import { cacheAccounts, cachePasswordChecks } from "./account-cache.ts";
import { createRevokedTable } from "./revocation/revoked-table.ts";

const ana: Account = { id: 1, username: "ana", email: "", isStaff: false, createdAt: "2026-01-01T00:00:00.000Z" };

function counted() {
  const asked: string[] = [];
  const clock = { now: 1000 };
  const revoked = createRevokedTable(
    () => clock.now,
    () => clock.now,
  );
  revoked.markCurrent(Number.POSITIVE_INFINITY);
  const check = cachePasswordChecks(
    async (login, password) => {
      asked.push(`${login} ${password}`);
      return password === "right" ? ana : undefined;
    },
    revoked,
    () => clock.now,
  );
  return { asked, clock, check, revoked };
}

test("a good check is remembered for 60 s", async () => {
  const { asked, clock, check } = counted();
  expect(await check("ana", "right")).toBe(ana);
  clock.now += 59_999;
  expect(await check("ana", "right")).toBe(ana);
  expect(asked).toHaveLength(1);
  clock.now += 1;
  expect(await check("ana", "right")).toBe(ana);
  expect(asked).toHaveLength(2);
});

test("a bad one is not, and equal ones that come together share one check", async () => {
  const { asked, check } = counted();
  expect(await check("ana", "wrong")).toBeUndefined();
  expect(await check("ana", "wrong")).toBeUndefined();
  expect(asked).toHaveLength(2);
  await Promise.all(Array.from({ length: 50 }, () => check("ana", "right")));
  expect(asked).toHaveLength(3);
});

test("another split of the same letters is another check", async () => {
  const { asked, check } = counted();
  await check("a", "right");
  expect(await check("ar", "ight")).toBeUndefined();
  expect(asked).toHaveLength(2);
});

test("a check that fails is passed on and forgotten", async () => {
  const revoked = createRevokedTable(Date.now, Date.now);
  revoked.markCurrent(Number.POSITIVE_INFINITY);
  let broken = true;
  const check = cachePasswordChecks(
    async () => {
      if (broken) throw new Error("away");
      return ana;
    },
    revoked,
    Date.now,
  );
  await expect(check("ana", "right")).rejects.toThrow("away");
  broken = false;
  expect(await check("ana", "right")).toBe(ana);
});

test("a change of the account ends what is remembered, also what was being checked meanwhile", async () => {
  const { asked, clock, check, revoked } = counted();
  const change = (epoch: number) => revoked.add({ kind: "account", subject: "1", epoch });
  await check("ana", "right");
  change(1);
  await check("ana", "right");
  expect(asked).toHaveLength(2);
  // What was checked within 2 s of the change may be old news.
  await check("ana", "right");
  expect(asked).toHaveLength(3);
  clock.now += 2000;
  await check("ana", "right");
  await check("ana", "right");
  expect(asked).toHaveLength(4);
  clock.now += 61_000;
  const slow = check("ana", "right");
  change(2);
  clock.now += 2000;
  await slow;
  await check("ana", "right");
  expect(asked).toHaveLength(6);
});

test("a change of another account ends nothing", async () => {
  const { asked, check, revoked } = counted();
  await check("ana", "right");
  revoked.add({ kind: "account", subject: "2", epoch: 1 });
  await check("ana", "right");
  expect(asked).toHaveLength(1);
});

test("an account is looked up by its id once a minute, and again after a change; that there is none is not remembered", async () => {
  const { clock, revoked } = counted();
  const ids: number[] = [];
  const stored = new Map([[1, ana]]);
  const find = cacheAccounts(
    async (id) => {
      ids.push(id);
      return stored.get(id);
    },
    revoked,
    () => clock.now,
  );
  expect(await find(1)).toBe(ana);
  expect(await find(1)).toBe(ana);
  expect(await find(2)).toBeUndefined();
  expect(await find(2)).toBeUndefined();
  expect(ids).toEqual([1, 2, 2]);
  stored.delete(1);
  revoked.add({ kind: "account", subject: "1", epoch: 1 });
  expect(await find(1)).toBeUndefined();
});
