import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fillDemo } from "../src/demo.ts";
import type { PageStart } from "../src/search/search.ts";
import { searchUsers } from "../src/search/search.ts";
import { splitWords } from "../src/search/search-words.ts";
import { type Installation, openDirectory } from "./installation.ts";

let directory: Installation;

beforeAll(async () => {
  directory = await openDirectory({ DEMO_USERS: "8000" });
  await fillDemo(directory.deps, () => {});
  const odd = [
    ["100%", "Percent_Sign"],
    ["Back\\slash", "O'Brien"],
    ["Anna", "Anna"],
    ["Zoë 😀", "Ångström"],
    ["Maria", "Santamaria"],
    ["B", "A"],
    ["Ab", "Ba"],
    ["Jürgen", "x'); DROP TABLE directory.users; --"],
  ];
  for (const [first, last] of odd) {
    for (const copy of [1, 2, 3]) {
      await directory.deps.postgres`
        INSERT INTO directory.users (first_name, last_name, email)
        VALUES (${first ?? ""}, ${last ?? ""}, ${`${copy}.${first}.${last}@example.com`})`;
    }
  }
});
afterAll(() => directory[Symbol.asyncDispose]());

/** The ids of all who are found, in order, by the plainest query there is. */
async function expectedIds(name: string): Promise<number[]> {
  const { postgres: sql } = directory.deps;
  const rows = await sql<{ id: string }[]>`
    WITH words AS MATERIALIZED (
      SELECT directory.name_key(word) AS key FROM unnest(${name.split(/\s+/)}::text[]) AS word
    )
    SELECT id FROM directory.users
    WHERE NOT EXISTS (SELECT FROM words WHERE strpos(last_key, key) = 0 AND strpos(first_key, key) = 0)
    ORDER BY last_key, first_key, id`;
  return rows.map((row) => Number(row.id));
}

function search(name: string, limit: number, start: PageStart) {
  return searchUsers(directory.deps.searches, { words: splitWords(name), limit, start });
}

const seed = Number(process.env.QUINTET_SEED ?? 20_261_128);
const rounds = process.env.QUINTET_FAULTS === "full" ? 2000 : 40;

/** Numbers from 0 to 1, always the same of one seed. */
function randomNumbers(from: number): () => number {
  let state = from % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const names = [
  "",
  "a",
  "a e i o n r s l",
  "e",
  "zq",
  "smi",
  "smith",
  "qqxqq",
  "maria gar",
  "an er",
  "a smith",
  "jose maria gar",
  "son",
];
const oddNames = [
  "%",
  "_",
  "\\",
  "100%",
  "o'b",
  "'; DROP",
  "anna",
  "anna ann",
  "ba a",
  "ab",
  "😀",
  "angstrom ZOE",
  "О́льга",
  "müller",
];

describe("a search finds the same as a plain query", () => {
  it.each([...names, ...oddNames])("for %j, forwards, backwards and by number", async (name) => {
    const expected = await expectedIds(name);
    const limit = Math.max(7, Math.ceil(expected.length / 6));
    const forwards: number[][] = [];
    let start: PageStart = { page: 1 };
    for (;;) {
      const found = await search(name, limit, start);
      expect(found.total).toBe(expected.length);
      expect(found.totalIsExact).toBe(true);
      forwards.push(found.users.map((user) => user.id));
      if (found.next === null) break;
      start = { from: found.next, backward: false };
    }
    expect(forwards.flat()).toEqual(expected);

    const last = await search(name, limit, start);
    const backwards: number[][] = [];
    for (let before = last.previous; before !== null; ) {
      const found = await search(name, limit, { from: before, backward: true });
      backwards.unshift(found.users.map((user) => user.id));
      before = found.previous;
    }
    expect(backwards).toEqual(forwards.slice(0, -1));

    for (const [i, ids] of forwards.entries()) {
      const numbered = await search(name, limit, { page: i + 1 });
      expect(numbered.users.map((user) => user.id)).toEqual(ids);
      expect([numbered.next === null, numbered.previous === null]).toEqual([i === forwards.length - 1, i === 0]);
    }
    const beyond = await search(name, limit, { page: forwards.length + 1 });
    expect([beyond.users, beyond.next]).toEqual([[], null]);
    if (expected.length === 0) expect(beyond.previous).toBeNull();
    else
      expect((await search(name, limit, { from: beyond.previous!, backward: true })).users.at(-1)?.id).toBe(
        expected.at(-1),
      );
  });

  it(`for any 1 to 8 words, common or rare, repeated or part of each other, seed ${seed}`, async () => {
    const { postgres: sql } = directory.deps;
    const random = (n: number) => Math.floor(next() * n);
    const next = randomNumbers(seed);
    const names = await sql<{ name: string }[]>`
      SELECT name FROM directory.last_names UNION SELECT name FROM directory.first_names ORDER BY 1`;
    const part = () => {
      const name = names[random(names.length)]?.name ?? "a";
      const from = random(name.length);
      return random(9) === 0 ? name : name.slice(from, from + 1 + random(3)).toUpperCase();
    };
    for (let round = 0; round < rounds; round++) {
      const words = Array.from({ length: 1 + random(8) }, part)
        .join(" ")
        .split(/\s+/)
        .slice(0, 8);
      const name = words.join(" ");
      const expected = await expectedIds(name);
      const first = await search(name, 10, { page: 1 });
      expect([name, first.total, first.totalIsExact]).toEqual([name, expected.length, true]);
      expect(
        first.users.map((user) => user.id),
        name,
      ).toEqual(expected.slice(0, 10));
      if (first.next === null) continue;
      const second = await search(name, 10, { from: first.next, backward: false });
      expect(
        second.users.map((user) => user.id),
        name,
      ).toEqual(expected.slice(10, 20));
      const back = await search(name, 10, { from: second.previous!, backward: true });
      expect(back.users, name).toEqual(first.users);
      const page = 1 + random(Math.ceil(expected.length / 10));
      const numbered = await search(name, 10, { page });
      expect(
        numbered.users.map((user) => user.id),
        name,
      ).toEqual(expected.slice((page - 1) * 10, page * 10));
    }
  });

  it.each(["", "a", "smi", "maria gar", "zq"])("for %j on any page of 15", async (name) => {
    const expected = await expectedIds(name);
    const last = Math.max(1, Math.ceil(expected.length / 15));
    for (const page of new Set([1, 2, Math.ceil(last / 3), Math.ceil(last / 2), last])) {
      const found = await search(name, 15, { page });
      expect(found.users.map((user) => user.id)).toEqual(expected.slice((page - 1) * 15, page * 15));
    }
  });
});

it("keeps its position while users are created and deleted", async () => {
  const { postgres: sql } = directory.deps;
  const first = await search("smi", 5, { page: 1 });
  const second = await search("smi", 5, { from: first.next!, backward: false });
  await sql`DELETE FROM directory.users WHERE id = ${first.users[4]!.id}`;
  await sql`INSERT INTO directory.users (first_name, last_name, email) VALUES ('Aa', 'Aa Smi', 'early@example.com')`;
  const again = await search("smi", 5, { from: first.next!, backward: false });
  expect(again.users).toEqual(second.users);
});

describe("the counts of names", () => {
  const counts = () => directory.deps.postgres`
    SELECT 'last' AS part, name, users FROM directory.last_names
    UNION ALL SELECT 'first', name, users FROM directory.first_names
    UNION ALL SELECT 'prefix', prefix, users FROM directory.last_name_prefixes
    ORDER BY part, name`;

  it("follow every write", async () => {
    const { postgres: sql } = directory.deps;
    await sql`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT 'Nu' || n % 3, 'Ny' || n % 5, 'nu' || n || '@example.com' FROM generate_series(1, 30) AS n`;
    await sql`UPDATE directory.users SET last_name = 'Ny0' WHERE last_name IN ('Ny1', 'Ny2')`;
    await sql`UPDATE directory.users SET first_name = 'NÜ0', bio = 'x' WHERE first_name = 'Nu1'`;
    await sql`DELETE FROM directory.users WHERE last_name = 'Ny3'`;
    const kept = [...(await counts())];
    await sql`SELECT directory.recount_names()`;
    expect([...(await counts())]).toEqual(kept);
    expect(kept.filter((row) => row.users === "0")).toEqual([]);
  });

  it("stay correct while concurrent writes swap names", async () => {
    const { postgres: sql } = directory.deps;
    await sql`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT 'Swap', 'Swap' || n % 2, 'swap' || n || '@example.com' FROM generate_series(1, 8) AS n`;
    const swap = (n: number, round: number) => sql`
      UPDATE directory.users SET last_name = ${`Swap${(n + round) % 2}`}, first_name = ${`Swap${round % 2}`}
      WHERE email = ${`swap${n}@example.com`}`;
    for (let round = 1; round <= 10; round++) {
      await Promise.all(Array.from({ length: 8 }, (_, i) => swap(i + 1, round)));
    }
    const kept = [...(await counts())];
    await sql`SELECT directory.recount_names()`;
    expect([...(await counts())]).toEqual(kept);
  });
});
