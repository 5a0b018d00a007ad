import { expect, test } from "vitest";
import type { Account } from "../account.ts";
import { rememberPasswords } from "./password-memory.ts";

const ana: Account = { id: 1, username: "ana", email: "", isStaff: false, createdAt: "2026-01-01T00:00:00.000Z" };

function counted() {
  const asked: string[] = [];
  const clock = { now: 1000 };
  const check = rememberPasswords(
    async (login, password) => {
      asked.push(`${login} ${password}`);
      return password === "right" ? ana : undefined;
    },
    () => clock.now,
  );
  return { asked, clock, check };
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
  let broken = true;
  const check = rememberPasswords(async () => {
    if (broken) throw new Error("away");
    return ana;
  }, Date.now);
  await expect(check("ana", "right")).rejects.toThrow("away");
  broken = false;
  expect(await check("ana", "right")).toBe(ana);
});
