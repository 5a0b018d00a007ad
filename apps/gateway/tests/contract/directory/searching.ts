import { describe, expect, it } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { expectProblem } from "../../harness/problem.ts";
import { forged } from "../../harness/values.ts";
import { peopleOf, unusualName } from "./people.ts";

/** Searching and paging through users, and names while typing. */
export function searching(quintet: Installation): void {
  const { anyone, plain } = quintet;
  const { add, idsOf, search } = peopleOf(quintet);

  describe("GET /directory/users", () => {
    it("shows users to anybody, their emails to a signed-in account only", async () => {
      const { user } = await add();
      const { email, ...shown } = user;
      const found = await anyone.get("/directory/users", { name: user.lastName });
      expect(found.json()).toEqual({
        users: [shown],
        total: 1,
        totalIsExact: true,
        nextCursor: null,
        prevCursor: null,
      });
      expect(found.headers["cache-control"]).toMatch(/max-age=\d+.*stale-while-revalidate=\d+/);
      expect(found.headers["cache-control"]).not.toContain("private");
      const signedIn = await plain.get("/directory/users", { name: user.lastName });
      expect(signedIn.json()).toMatchObject({ users: [{ ...shown, email }] });
      expect(signedIn.headers["cache-control"]).toContain("private");
    });

    it("finds any part of first or last name, without regard to case or accents", async () => {
      const word = unusualName("z");
      const a = await add({ firstName: `Jos\u00e9${word}`, lastName: "\u00c1lvarez" });
      const b = await add({ firstName: "Bo", lastName: `De ${word.toUpperCase()}` });
      const ids = [a.user.id, b.user.id];
      expect(await idsOf({ name: word })).toEqual(ids);
      expect(await idsOf({ name: word.slice(1, -1).toUpperCase() })).toEqual(ids);
      expect(await idsOf({ name: `jose${word}` })).toEqual([a.user.id]);
      expect(await idsOf({ name: unusualName("absent") })).toEqual([]);
    });

    it("orders by last name, first name and id, and pages both ways", async () => {
      const word = unusualName("y");
      const people = [
        ["Eva", `Cy${word}`],
        ["Dan", `By${word}`],
        ["Ana", `By${word}`],
        ["Ana", `By${word}`],
        ["Bo", `Ay${word}`],
      ];
      const ids: number[] = [];
      for (const [firstName, lastName] of people)
        ids.push((await add({ firstName: firstName ?? "", lastName: lastName ?? "" })).user.id);
      const expected = [ids[4], ids[2], ids[3], ids[1], ids[0]];
      expect(await idsOf({ name: word })).toEqual(expected);
      const first = await search({ name: word, limit: 2 });
      const second = await search({ name: word, limit: 2, cursor: first.nextCursor ?? "" });
      const third = await search({ name: word, limit: 2, cursor: second.nextCursor ?? "" });
      expect([first, second, third].flatMap(({ users }) => users.map(({ id }) => id))).toEqual(expected);
      expect([first.total, third.nextCursor, first.prevCursor]).toEqual([5, null, null]);
      const back = await search({ name: word, limit: 2, cursor: third.prevCursor ?? "" });
      expect(back.users).toEqual(second.users);
      expect((await search({ name: word, limit: 2, page: 2 })).users).toEqual(second.users);
      expectProblem(
        await anyone.get("/directory/users", { name: word, cursor: forged(first.nextCursor ?? "") }),
        400,
        "cursor",
      );
    });

    it.each([
      ["limit", 0],
      ["limit", 101],
      ["page", 0],
      ["page", "x"],
      ["cursor", "AAAA"],
    ])("refuses %s=%s", async (field, value) => {
      expectProblem(await anyone.get("/directory/users", { [field]: value }), 400, field);
    });

    it("takes the signs of LIKE and SQL as text", async () => {
      for (const text of ["%", "_", "\\", "' OR '1'='1", "%%%", "'; DROP TABLE users; --"]) {
        expect((await search({ name: `${text}${unusualName("absent")}` })).users).toEqual([]);
      }
    });

    it("refuses wrong credentials although none are needed", async () => {
      expectProblem(await anyone.with({ Authorization: "Bearer x" }).get("/directory/users"), 401);
    });
  });

  it("GET /directory/suggest gives up to 10 names while typing", async () => {
    const word = unusualName("s");
    await Promise.all(Array.from({ length: 12 }, (_, i) => add({ lastName: word + "abcdefghijklm"[i] })));
    const answer = await anyone.get("/directory/suggest", { name: word });
    expect(answer.status, answer.text).toBe(200);
    const lists = Object.values(answer.json()).filter(Array.isArray);
    expect(lists).toHaveLength(1);
    expect(lists[0]).toHaveLength(10);
  });
}
