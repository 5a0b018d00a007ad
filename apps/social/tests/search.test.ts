import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPostList } from "../src/posts/post-list.ts";
import { createPostSearch, type SearchBounds } from "../src/posts/post-search.ts";
import { postSearchQueries } from "../src/posts/post-search-queries.ts";
import { type OpenSocial, openSocial } from "./open-social.ts";

const viewer = 4;
const seed = Number(process.env.QUINTET_SEED ?? 7);
let social: OpenSocial;
let sql: postgres.Sql;
beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 1 });
  await sql`INSERT INTO social.profiles (id, email) SELECT i, i || '@example.com' FROM generate_series(1, 5) i`;
});
afterAll(async () => {
  await sql.end();
  await social[Symbol.asyncDispose]();
});

/** Replaces all posts; the first one is the oldest, every fifth is a draft, and pairs share their time. */
async function only(titles: string[]): Promise<void> {
  await sql`DELETE FROM social.posts`;
  await sql`
    INSERT INTO social.posts (title, content, published, created_at, owner_id)
    SELECT title, 'Content', i % 5 > 0, timestamptz '2025-01-01' + i / 2 * interval '1 minute', 1 + i % 5
    FROM unnest(${titles}::text[]) WITH ORDINALITY AS t (title, i)`;
}

/** The ids of all visible posts whose title contains the text, newest first, by reading every title. */
async function plainly(text: string): Promise<number[]> {
  const rows = await sql`
    SELECT id::int FROM social.posts
    WHERE strpos(social.title_key(title), social.title_key(${text})) > 0 AND (published OR owner_id = ${viewer})
    ORDER BY created_at DESC, id DESC`;
  return rows.map((row) => row.id);
}

function randomNumbers(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** All pages of a search, each started where the one before ended. */
async function allPages(text: string, limit: number, skip: number, bounds: SearchBounds) {
  const search = createPostSearch(social.deps.database.db, bounds);
  const ids: number[] = [];
  let range = { viewer, limit, skip, after: undefined as { listedAt: Date; id: number } | undefined };
  for (let pages = 0; ; pages++) {
    expect(pages, `a search for ${text} comes to its end`).toBeLessThan(2000);
    const { found, stoppedAt } = await search(range, text);
    expect(found.length).toBeLessThanOrEqual(limit);
    ids.push(...found.map(({ id }) => id));
    const last = found.at(-1);
    if (stoppedAt && found.length < limit) range = { ...range, skip: stoppedAt.skip, after: stoppedAt.position };
    else if (last && found.length === limit) range = { ...range, skip: 0, after: last };
    else return ids;
  }
}

describe("a search finds, in pages, what a comparison with every title finds", () => {
  const tight: SearchBounds = { newest: 6, maxRead: 7, ranges: 2 };
  const bounds = {
    tight,
    "tight and patient": { ...tight, ranges: 12 },
    roomy: { newest: 50, maxRead: 60, ranges: 12 },
  };

  test.each(Object.entries(bounds))("with %s bounds", async (_, given) => {
    const random = randomNumbers(seed);
    const signs = ["a", "b", "Б", "é", "e\u0301", "爬", "楼", "😀", "%", "_", "\\", " "];
    const word = (longest: number) =>
      Array.from({ length: 1 + random(longest) }, () => signs[random(random(2) ? 3 : signs.length)]).join("");
    await only(Array.from({ length: 240 }, () => word(12)));
    for (let i = 0; i < 12; i++) {
      const text = word(4);
      const skip = random(3) === 0 ? random(60) : 0;
      const found = await allPages(text, 1 + random(9), skip, given);
      expect(found, `seed ${seed}, ${JSON.stringify(text)}, skip ${skip}`).toEqual((await plainly(text)).slice(skip));
    }
  });

  test("when only old titles contain the text, and when titles have all its n-grams but not the text", async () => {
    await only([
      ...Array.from({ length: 60 }, (_, i) => `爬楼 ${i}`),
      ...Array.from({ length: 60 }, () => "abcab cabca"),
      "the one: abcabca",
      ...Array.from({ length: 100 }, (_, i) => `Post ${i}`),
    ]);
    for (const text of ["爬楼", "爬", "abcabca", "爬楼 5", "absent"]) {
      expect(await allPages(text, 4, 0, tight)).toEqual(await plainly(text));
      expect(await allPages(text, 4, 9, tight)).toEqual((await plainly(text)).slice(9));
    }
  });
});

test("matches beyond the newest posts are found after a cursor too", async () => {
  await only([
    ...Array.from({ length: 30 }, (_, i) => `Rare ${i}`),
    ...Array.from({ length: 40 }, (_, i) => `Post ${i}`),
  ]);
  const wanted = await plainly("rare");
  const search = createPostSearch(social.deps.database.db, { newest: 5, maxRead: 100, ranges: 1 });
  const first = await search({ viewer, limit: 3, skip: 0 }, "rare");
  expect(first.found.map((post) => post.id)).toEqual(wanted.slice(0, 3));
  // Six older posts without a match are between them, so that the search of the newest posts finds no full page.
  const [{ created_at: time, id }] = (await sql`SELECT * FROM social.posts WHERE id = ${wanted[2]!}`) as unknown as [
    { created_at: Date; id: string },
  ];
  await sql`UPDATE social.posts SET title = 'Other' WHERE id = ANY(${wanted.slice(3, 12)})`;
  const next = await search({ viewer, limit: 3, skip: 0, after: { listedAt: time, id: Number(id) } }, "rare");
  expect(next.found.map((post) => post.id)).toEqual(wanted.slice(12, 15));
});

test("posts of the same time are on exactly one page, wherever a page ends", async () => {
  await sql`DELETE FROM social.posts`;
  await sql`
    INSERT INTO social.posts (title, content, published, created_at, owner_id)
    SELECT 'Same', 'Content', i % 3 > 0, timestamptz '2025-01-01', 4 FROM generate_series(1, 23) i`;
  const wanted = (await sql`SELECT id::int FROM social.posts ORDER BY id DESC`).map((row) => row.id);
  for (const limit of [1, 2, 5, 7]) {
    for (const search of ["", "same"]) {
      const list = createPostList(social.deps.database.db, social.deps.cursorKey);
      const ids: number[] = [];
      for (let cursor: string | undefined, pages = 0; pages === 0 || cursor !== undefined; pages++) {
        const page = await list(viewer, { limit, skip: 0, search, cursor });
        ids.push(...page.posts.map(({ post }) => post.id));
        cursor = page.nextCursor;
        expect(pages).toBeLessThan(wanted.length);
      }
      expect(ids).toEqual(wanted);
    }
    expect(await allPages("same", limit, 0, { newest: 3, maxRead: 4, ranges: 2 })).toEqual(wanted);
  }
});

describe("titles match in searches", () => {
  const same: [string, string[]][] = [
    ["Café", ["cafe", "CAFÉ", "cafe\u0301", "fe\u0301", "F\u00c9"]],
    ["Cafe\u0301 au lait", ["café", "cafe", "CAFÉ AU"]],
    ["plain cafe", ["café", "cafe\u0301"]],
    ["ΣΟΦΟΣ", ["σοφος", "σοφοσ", "Σοφός"]],
    ["Новый год", ["новыи", "НОВЫЙ"]],
    ["İstanbul", ["istanbul", "ISTANBUL", "İSTANBUL"]],
    ["ﬁnal ＦＵＬＬ", ["final full", "FINAL"]],
    ["שָׁלוֹם", ["שלום"]],
    ["مُحَمَّد", ["محمد"]],
  ];
  const other: [string, string][] = [
    ["한글", "하"],
    ["がぎ", "か"],
    ["कुछ", "कछ"],
    ["crème", "crame"],
  ];

  test("whatever their case, accents and forms", async () => {
    for (const [title, texts] of same) {
      await only([title, "Other"]);
      for (const text of texts) expect(await allPages(text, 3, 0, roomy), `${title} by ${text}`).toHaveLength(1);
    }
    for (const [title, text] of other) {
      await only([title, "Other"]);
      expect(await allPages(text, 3, 0, roomy), `${title} not by ${text}`).toHaveLength(0);
    }
  });
  const roomy = { newest: 1, maxRead: 100, ranges: 1 };
});

test("no statement of a search reads more posts than its bound", async () => {
  await sql`DELETE FROM social.posts`;
  await sql`
    INSERT INTO social.posts (title, content, published, created_at, owner_id)
    SELECT CASE WHEN i <= 10000 THEN '爬楼 e' ELSE 'Post ' || i END, 'Content', i % 4 > 0,
      timestamptz '2025-01-01' + i * interval '1 minute', 1 + i % 5
    FROM generate_series(1, 20000) i`;
  await sql`VACUUM ANALYZE social.posts`;
  const { statements } = postSearchQueries(social.deps.database.db);
  const maxRead = 500;
  const until = { listedAt: new Date(Date.UTC(2025, 0, 1) + 9_800 * 60_000), id: 0 };
  for (const text of ["爬楼", "e", "爬", "楼 e", "%", "absent", "z", "post 1"]) {
    for (const skip of [0, 300]) {
      const range = { viewer, limit: 11, skip, after: { listedAt: new Date(Date.UTC(2026, 0)), id: 1e9 } };
      const asked = [
        statements.searchNewest(range, text, maxRead),
        statements.searchAll(range, text, maxRead),
        statements.searchRange(range, until, text, maxRead),
      ];
      for (const statement of asked) {
        const { sql: query, params } = statement.toSQL();
        const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${query}`;
        const [row] = await sql.unsafe(explain, params as string[]);
        for (const scan of scansOfPosts(row?.["QUERY PLAN"][0].Plan)) {
          const removed = (scan["Rows Removed by Filter"] ?? 0) + (scan["Rows Removed by Index Recheck"] ?? 0);
          const read = (scan["Actual Rows"] + removed) * scan["Actual Loops"];
          expect(read, `${text}: ${JSON.stringify(scan)}`).toBeLessThanOrEqual(maxRead + 1);
        }
      }
    }
  }
});

interface Scan {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: Scan[];
}

function scansOfPosts(plan: Scan): Scan[] {
  const below = (plan.Plans ?? []).flatMap(scansOfPosts);
  return plan["Relation Name"] === "posts" ? [plan, ...below] : below;
}
