import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultPaths, type Installation, listOf, openDirectory, someone } from "./installation.ts";

let directory: Installation;
const ids: number[] = [];

beforeAll(async () => {
  directory = await openDirectory();
  const people = [
    { firstName: "José", lastName: "Álvarez" },
    { firstName: "Ana", lastName: "Smith" },
    { firstName: "Ana", lastName: "Smith" },
    { firstName: "Łukasz", lastName: "Nguyễn" },
    { firstName: "Jasmin", lastName: "100%" },
  ];
  for (const person of people) {
    const made = await directory.staff("POST", "/directory/users", someone(person));
    ids.push((JSON.parse(made.text) as { id: number }).id);
  }
});
afterAll(() => directory[Symbol.asyncDispose]());

const found = async (query: string) =>
  listOf(await directory.anyone("GET", `/directory/users?${query}`)).users.map((user) => user.id);

describe("GET /directory/users", () => {
  it("lists all users by last name, first name and id", async () => {
    expect(await found("")).toEqual([ids[4], ids[0], ids[3], ids[1], ids[2]]);
  });

  it.each([
    ["smi", [4, 1, 2]],
    ["ana smith", [1, 2]],
    ["NGUYEN", [3]],
    ["lukasz nguy", [3]],
    ["jose", [0]],
    ["%", [4]],
    ["_", []],
    ["%25", []],
    ["ana jose", []],
    ["  ", [4, 0, 3, 1, 2]],
  ])("finds %j", async (name, expected) => {
    expect(await found(`name=${encodeURIComponent(name)}`)).toEqual(expected.map((i) => ids[i]));
  });

  it("shows emails to accounts only", async () => {
    const open = await directory.anyone("GET", "/directory/users?name=jose");
    expect(listOf(open)).toEqual({
      users: [{ id: ids[0], firstName: "José", lastName: "Álvarez", bio: "Likes tea." }],
      total: 1,
      totalIsExact: true,
      nextCursor: null,
      prevCursor: null,
    });
    expect(open.headers.get("cache-control")).toBe("public, max-age=5, stale-while-revalidate=30");
    const known = await directory.plain("GET", "/directory/users?name=jose");
    expect(listOf(known).users[0]?.email).toMatch(/@example.com$/);
    expect(known.headers.get("cache-control")).toContain("private");
    expect(known.headers.get("etag")).not.toBe(open.headers.get("etag"));
    expect(open.headers.get("vary")).toMatch(/authorization/i);
  });

  it("pages by cursor through users with the same name", async () => {
    const first = listOf(await directory.anyone("GET", "/directory/users?name=ana%20smith&limit=1"));
    expect(first.users[0]?.id).toBe(ids[1]);
    const path = `/directory/users?name=Smith%20ANA&limit=1&cursor=${first.nextCursor}`;
    const second = listOf(await directory.anyone("GET", path));
    expect([second.users[0]?.id, second.nextCursor]).toEqual([ids[2], null]);
  });

  it.each([
    ["x=1", "x"],
    ["name=a&name=b", "name"],
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1.5", "limit"],
    ["page=0", "page"],
    ["page=-1", "page"],
    ["page=99999999999999999999", "page"],
    ["cursor=AAAA", "cursor"],
    ["cursor=", "cursor"],
    ["name=%00", "name"],
    ["name=a%1Fb", "name"],
    [`name=${"x".repeat(10_240)}`, "name"],
    ["name=a+b+c+d+e+f+g+h+i", "name"],
    ["name=%FF", "name"],
    ["name=%ED%A0%80", "name"],
    [`cursor=${"x".repeat(3000)}`, "cursor"],
  ])("refuses %s", async (query, path) => {
    for (const call of ["users", "search"]) {
      if (call === "search" && !/^name=./.test(query)) continue;
      const response = await directory.anyone("GET", `/directory/${call}?${query}`, undefined, { Accept: "*/*" });
      expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
      expect(faultPaths(response)).toContain(path);
    }
  });

  it("refuses a forged cursor, a cursor of another search, and a cursor together with a page", async () => {
    const { nextCursor } = listOf(await directory.anyone("GET", "/directory/users?limit=1"));
    const changed = `${nextCursor?.slice(0, -2)}AA`;
    for (const query of [`cursor=${changed}`, `name=ana&cursor=${nextCursor}`]) {
      const response = await directory.anyone("GET", `/directory/users?${query}`);
      expect([response.status, ...faultPaths(response)]).toEqual([400, "cursor"]);
    }
    const both = await directory.anyone("GET", `/directory/users?page=1&cursor=${nextCursor}`);
    expect([both.status, ...faultPaths(both)]).toEqual([400, "page"]);
  });

  it.each(["' OR '1'='1", "'; DROP TABLE directory.users; --", "\\", "$\u007bjndi:x}", "😀", "\\%", "%%_%%"])(
    "takes %j as text",
    async (text) => {
      const raw = encodeURIComponent(text);
      const response = await directory.anyone("GET", `/directory/users?name=${raw}`);
      expect(listOf(response).users).toEqual([]);
      expect((await directory.anyone("GET", `/directory/suggest?name=${raw}`)).text).toBe('{"names":[]}');
    },
  );

  it("checks credentials although none are required", async () => {
    const response = await directory.anyone("GET", "/directory/users?x=1", undefined, { Authorization: "Bearer x" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Basic");
  });

  it("responds to HEAD without a body, and with 405 to other methods", async () => {
    const head = await directory.anyone("HEAD", "/directory/users");
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([200, "", "application/json"]);
    const put = await directory.anyone("PUT", "/directory/users", {});
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });
});

describe("GET /directory/suggest", () => {
  const suggested = async (typed: string) =>
    JSON.parse((await directory.anyone("GET", `/directory/suggest?name=${encodeURIComponent(typed)}`)).text).names;

  it("returns names that begin with the word before names that contain it, the most frequent first", async () => {
    expect(await suggested("smi")).toEqual(["Smith", "Jasmin"]);
    expect(await suggested("NG")).toEqual(["Nguyễn"]);
    expect(await suggested("")).toEqual([]);
  });

  it("returns full names for several words", async () => {
    expect(await suggested("smi ana")).toEqual(["Ana Smith"]);
  });

  it("returns at most ten", async () => {
    await directory.deps.postgres`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT 'Many', 'Many' || n, 'many' || n || '@example.com' FROM generate_series(1, 20) AS n`;
    expect(await suggested("many")).toHaveLength(10);
    expect(await suggested("many man")).toHaveLength(10);
    await directory.deps.postgres`DELETE FROM directory.users WHERE first_name = 'Many'`;
  });
});
