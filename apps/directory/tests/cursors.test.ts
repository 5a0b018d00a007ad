import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Installation, listOf, openDirectory, type UserListBody } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

const limit = 3;
const page = async (query: string): Promise<UserListBody> =>
  listOf(await directory.anyone("GET", `/directory/users?limit=${limit}&${query}`));
const names = ({ users }: UserListBody) => users.map((user) => user.lastName);
const remove = (...gone: string[]) =>
  directory.deps.postgres`DELETE FROM directory.users WHERE last_name = ANY(${gone})`;

/** Ten users whose last names end in the digits 0 to 9; searched by nothing, by one word and by two. */
describe.each(["", "name=row&", "name=row%20ann&"])("a search %j", (search) => {
  const all = Array.from({ length: 10 }, (_, i) => `Row${i}`);
  beforeEach(async () => {
    const { postgres: sql } = directory.deps;
    await sql`DELETE FROM directory.users`;
    await sql`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT 'Ann', name, name || '@example.com' FROM unnest(${all}::text[]) AS name`;
  });
  const after = async (cursor: string | null) => page(`${search}cursor=${cursor}`);

  it("continues after each last name when every name has one user", async () => {
    const seen: string[] = [];
    for (let list = await page(search); ; list = await after(list.nextCursor)) {
      seen.push(...names(list));
      if (list.nextCursor === null) break;
    }
    expect(seen).toEqual(all);
  });

  it("leads to the first page from a page before which all were deleted", async () => {
    const second = await after((await page(search)).nextCursor);
    await remove("Row0", "Row1", "Row2");
    const before = await after(second.prevCursor);
    expect([names(before), before.prevCursor]).toEqual([["Row3", "Row4", "Row5"], null]);
    expect(names(await after(before.nextCursor))).toEqual(["Row6", "Row7", "Row8"]);
  });

  it("leads back from a page after which all were deleted", async () => {
    const { nextCursor } = await page(search);
    await remove(...all.slice(3));
    const empty = await after(nextCursor);
    expect([empty.users, empty.nextCursor, empty.total]).toEqual([[], null, 3]);
    const back = await after(empty.prevCursor);
    expect([names(back), back.prevCursor]).toEqual([["Row0", "Row1", "Row2"], null]);
  });

  it("leads back when the user at the cursor is gone as well", async () => {
    const { nextCursor } = await page(search);
    await remove(...all.slice(2));
    expect(names(await after((await after(nextCursor)).prevCursor))).toEqual(["Row0", "Row1"]);
  });

  it("leads back from a page past the end", async () => {
    for (const number of [5, 1000, 10_000_000]) {
      const empty = await page(`${search}page=${number}`);
      expect([empty.users, empty.nextCursor, empty.total, empty.totalIsExact]).toEqual([[], null, 10, true]);
      const last = await after(empty.prevCursor);
      expect(names(last)).toEqual(["Row7", "Row8", "Row9"]);
      expect(names(await after(last.prevCursor))).toEqual(["Row4", "Row5", "Row6"]);
    }
  });

  it("has no cursors when there are no users", async () => {
    const { nextCursor } = await page(search);
    await remove(...all);
    for (const query of ["", "page=7", `cursor=${nextCursor}`]) {
      const { users, total, nextCursor: next, prevCursor } = await page(`${search}${query}`);
      expect([users, total, next, prevCursor]).toEqual([[], 0, null, null]);
    }
  });
});
