import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { searchQueries } from "../src/search/search-queries.ts";
import { named, type OpenSocial, openSocial, type PostWithVotes } from "./open-social.ts";

interface Part {
  text: string;
  match: boolean;
}
interface Results {
  posts: (PostWithVotes & { highlight: { title: Part[]; content: Part[] } })[];
  people: { id: number }[];
  tags: { tag: string; posts: number }[];
  nextCursor: string | null;
}

let social: OpenSocial;
let sql: postgres.Sql;
beforeAll(async () => {
  social = await openSocial();
  sql = postgres(social.postgresUrl, { max: 1, onnotice: () => {} });
  for (const by of [social.accounts.plain, social.accounts.other]) {
    await social.send("GET", `/users/${by.account.id}`, { by });
  }
});
afterAll(async () => {
  await sql.end();
  await social[Symbol.asyncDispose]();
});

async function search(q: string, query: Record<string, string> = {}): Promise<Results> {
  const path = `/search?${new URLSearchParams({ q, ...query })}`;
  const response = await social.send<Results>("GET", path, { by: social.accounts.plain });
  expect(response.status, response.text).toBe(200);
  return response.body;
}
const titles = async (q: string) => (await search(q)).posts.map(({ post }) => post.title);
const marked = (parts: Part[]) => parts.map(({ text, match }) => (match ? `[${text}]` : text)).join("");
const write = async (title: string, content = "Content", fields = {}) =>
  (await social.post(social.accounts.other, { title, content, ...fields })).id;

describe("posts", () => {
  test("are found by all words of title and content, in other forms of the post's language, without accents", async () => {
    await write("Running in the city", "I was in the city of Córdoba and there were many cities on the way.");
    await write("Una canción de domingo", "Las canciones de la ciudad que no se olvidan, por la tarde.");
    await write("Прогулка", "Я был в городе и не устал, а она была на реке.");
    await write("第一次爬山", "凌晨四点出发，山顶的日出值得早起。");
    await write("วันนี้อากาศดี", "ไทย");
    await write("C and Go", "x y z");
    expect(await titles("run")).toEqual(["Running in the city"]);
    expect(await titles("CORDOBA city")).toEqual(["Running in the city"]);
    expect(await titles("cancion")).toEqual(["Una canción de domingo"]);
    expect(await titles("canciones ciudades")).toEqual(["Una canción de domingo"]);
    expect(await titles("города")).toEqual(["Прогулка"]);
    expect(await titles("爬山")).toEqual(["第一次爬山"]);
    expect(await titles("山")).toEqual(["第一次爬山"]);
    expect(await titles("爬日")).toEqual([]);
    expect(await titles("อากาศ")).toEqual(["วันนี้อากาศดี"]);
    expect(await titles("go")).toEqual(["C and Go"]);
    expect(await titles("c")).toEqual(["C and Go"]);
    expect(await titles("the")).toEqual(["Running in the city"]);
    expect(await titles("' OR 1=1 & !x:* <->")).toEqual([]);
    expect(await titles("run absent")).toEqual([]);
  });

  test("are highlighted in pieces of what was written", async () => {
    await write("<b>Crème</b> brûlée", `${"x ".repeat(400)}the crème is <i>here</i>`);
    const [found] = (await search("creme")).posts;
    expect(marked(found!.highlight.title)).toBe("<b>[Crème]</b> brûlée");
    const content = marked(found!.highlight.content);
    expect(content).toMatch(/^…x .*x the \[crème\] is <i>here<\/i>$/);
    expect(marked((await search("city")).posts[0]!.highlight.content)).toBe(
      "I was in the [city] of Córdoba and there were many [cities] on the way.",
    );
    expect(marked((await search("爬山")).posts[0]!.highlight.title)).toBe("第一次[爬山]");
  });

  test("are ranked, a title first, and paged without repetition while posts arrive", async () => {
    const ids = [await write("Marmalade"), await write("Marmalade"), await write("Jam", "and marmalade")];
    const found: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Results = await search("marmalade", { limit: "1", ...(cursor && { cursor }) });
      found.push(...page.posts.map(({ post }) => post.id));
      cursor = page.nextCursor;
      if (found.length === 1) await write("Marmalade again");
    }
    expect(found).toEqual([ids[1], ids[0], ids[2]]);
  });

  test("follow each change of a post, and what is hidden", async () => {
    const id = await write("Quince");
    const put = (json: object) => social.send("PUT", `/posts/${id}`, { by: social.accounts.other, json });
    expect((await search("quince")).posts).toHaveLength(1);
    await put({ title: "Medlar", content: "Content" });
    expect([await titles("quince"), await titles("medlar")]).toEqual([[], ["Medlar"]]);
    await put({ title: "Medlar", content: "Content", published: false });
    expect(await titles("medlar")).toEqual([]);
    await put({ title: "Medlar", content: "Content" });
    await sql`UPDATE social.posts SET removed_at = now() WHERE id = ${id}`;
    expect(await titles("medlar")).toEqual([]);
    await sql`UPDATE social.posts SET removed_at = NULL WHERE id = ${id}`;
    expect(await titles("medlar")).toEqual(["Medlar"]);
    await sql`INSERT INTO social.hidden (viewer_id, author_id, reason)
      VALUES (${social.accounts.plain.account.id}, ${social.accounts.other.account.id}, 3)`;
    expect(await titles("medlar")).toEqual([]);
    await sql`DELETE FROM social.hidden`;
    await sql`DELETE FROM social.posts WHERE id = ${id}`;
    expect(await titles("medlar")).toEqual([]);
  });

  test("are found in newest posts and by the index alike, with a bounded number read", async () => {
    const [viewer, until] = [social.accounts.plain.account.id, new Date(Date.now() + 60_000)];
    for (let i = 0; i < 6; i++) await write(`Damson ${i}`);
    const find = async (newest: number, enough: number, byIndex: number) => {
      const { posts } = searchQueries(social.deps.database.searches, { newest, enough, byIndex });
      return (await posts({ viewer, text: "damson", limit: 100, until })).length;
    };
    expect(await find(100, 1, 100)).toBe(6);
    expect(await find(2, 100, 100)).toBe(6);
    expect(await find(2, 1, 100)).toBe(2);
    expect(await find(0, 1, 3)).toBe(3);
  });
});

test("people are found by the beginnings of handle and name", async () => {
  await sql`INSERT INTO social.profiles (id, email, handle, handle_key, display_name) VALUES
    (920001, 'a@example.com', 'zita_k', 'zitak', 'Žita Kováčová'), (920002, 'b@example.com', NULL, NULL, 'Zita Novak')`;
  const ids = async (q: string, query = {}) => (await search(q, { in: "people", ...query })).people.map(({ id }) => id);
  expect(await ids("zit")).toEqual([920001, 920002]);
  expect(await ids("Kovač")).toEqual([920001]);
  expect(await ids("@zita_k")).toEqual([920001]);
  expect(await ids("zita nov")).toEqual([920002]);
  expect(await ids("ita")).toEqual([]);
  const { nextCursor } = await search("zita", { in: "people", limit: "1" });
  expect(await ids("zita", { cursor: nextCursor })).toEqual([920002]);
  await sql`INSERT INTO social.hidden (viewer_id, author_id, reason) VALUES (0, 920001, 5)`;
  expect(await ids("zit")).toEqual([920002]);
});

test("tags are found by their beginning, with the number of posts", async () => {
  await write("#birdsong #bird");
  await write("#birdsong #beetle");
  await write("#birdwatching", "Content", { published: false });
  const { tags } = await search("#Bird", { in: "tags" });
  expect(tags).toEqual([
    { tag: "bird", posts: 1 },
    { tag: "birdsong", posts: 2 },
  ]);
  const { nextCursor } = await search("bird", { in: "tags", limit: "1" });
  expect((await search("bird", { in: "tags", cursor: nextCursor! })).tags).toEqual(tags.slice(1));
});

test.each([
  ["q=", "q"],
  ["q=%2B%2B", "q"],
  ["q=%00", "q"],
  ["q=a&in=all", "in"],
  ["q=a&cursor=forged", "cursor"],
  ["limit=3", "q"],
])("%s is rejected by name", async (query, name) => {
  const response = await social.send("GET", `/search?${query}`, { by: social.accounts.plain });
  expect([response.status, named(response)]).toEqual([400, [name]]);
});
