import { afterAll, beforeAll, expect, it } from "vitest";
import type { ResponseCache } from "../src/cache/response-cache.ts";
import { suggestNames } from "../src/search/suggestions.ts";
import { type ListRequest, listUsers, type UserList } from "../src/search/user-list.ts";
import type { Viewer } from "../src/users/versions.ts";
import { type Installation, type Instance, openDirectory, someone } from "./installation.ts";
import { seeded } from "./seeded.ts";

/** Responses out of the cache beside those of an app that has none, while users are created, changed and deleted. */
const isFull = process.env.QUINTET_FAULTS === "full";
const steps = isFull ? 2000 : 12;
const asked = isFull ? 1000 : 30;

const lastNames = ["Hansen", "Jansen", "Sørensen", "Sanders", "Li", "O'Brien", "de la Cruz", "Crüz", "Ng", "Σοφός"];
const firstNames = ["Ana", "Anna", "Lian", "Zoë", "Jo", "Cruz", "Hans", "Σοφία"];
const searches = ["", "an", "sen", "hansen", "cruz", "li an", "a n", "o'b", "σοφ", "nobody", "%", "zoe"];

/** A cache that keeps nothing. */
const none: ResponseCache = { read: async (_, compute) => ({ response: (await compute()).response, state: "MISS" }) };

let directory: Installation;
let instances: Instance[];
beforeAll(async () => {
  directory = await openDirectory();
  instances = [directory, directory.instance()];
  for (let n = 0; n < 60; n++) await create(directory, firstNames[n % 8] ?? "", lastNames[n % 10] ?? "");
});
afterAll(async () => {
  for (const one of instances.slice(1)) await one[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

async function create(on: Instance, firstName: string, lastName: string): Promise<void> {
  expect((await on.staff("POST", "/directory/users", someone({ firstName, lastName }))).status).toBe(201);
}

/** Something that may be asked for: by which path, and what an app without a cache says. */
interface Question {
  path: string;
  viewer: Viewer;
  uncached(): Promise<string>;
}

function list(request: ListRequest, viewer: Viewer): Question {
  const { name, limit, page, cursor } = request;
  const query = new URLSearchParams({ name, limit: String(limit), ...(page ? { page: String(page) } : {}) });
  if (cursor !== undefined) query.set("cursor", cursor);
  const { searches: pool, cursorKey } = directory.deps;
  return {
    path: `/directory/users?${query}`,
    viewer,
    uncached: async () => (await listUsers({ searches: pool, cache: none, cursorKey }, request, viewer)).response.body,
  };
}

function suggestion(typed: string): Question {
  return {
    path: `/directory/suggest?${new URLSearchParams({ name: typed })}`,
    viewer: "public",
    uncached: async () => (await suggestNames({ searches: directory.deps.searches, cache: none }, typed)).response.body,
  };
}

/** Every search by its pages, by cursors forwards and back, for both kinds of viewers. */
async function allQuestions(): Promise<Question[]> {
  const questions: Question[] = searches.map(suggestion);
  for (const name of searches) {
    for (const viewer of ["public", "account"] as const) {
      for (const page of [1, 2, 9]) questions.push(list({ name, limit: 5, page }, viewer));
    }
    let cursor: string | null | undefined;
    for (let i = 0; i < 3 && cursor !== null; i++) {
      const question = list({ name, limit: 7, ...(cursor === undefined ? {} : { cursor }) }, "public");
      const { nextCursor, prevCursor } = JSON.parse(await question.uncached()) as UserList;
      questions.push(question);
      if (prevCursor !== null) questions.push(list({ name, limit: 7, cursor: prevCursor }, "public"));
      cursor = nextCursor;
    }
  }
  return questions;
}

it("are equal to the responses of an app without a cache, after every write, in every process", async () => {
  const { seed, below, pick } = seeded(20_261_128);
  const all = await allQuestions();
  const questions = all.length <= asked ? all : Array.from({ length: asked }, () => pick(all));
  const idOf = async (): Promise<number> => {
    const rows = await directory.deps.postgres<{ id: string }[]>`SELECT id FROM directory.users ORDER BY id`;
    return Number(pick(rows).id);
  };
  const writes: Record<string, () => Promise<unknown>> = {
    create: () => create(pick(instances), pick(firstNames), pick(lastNames)),
    delete: async () => pick(instances).staff("DELETE", `/directory/users/${await idOf()}`),
    rename: async () => patch({ lastName: pick(lastNames) }),
    respell: async () => patch({ firstName: pick(["Zoe", "Zoë", "ZOE", "Jo", "JO"]) }),
    describe: async () => patch({ bio: `Bio ${below(1000)}` }),
    address: async () => patch({ email: `new.${below(1_000_000)}@example.com` }),
    nothing: async () => directory.deps.postgres`UPDATE directory.users SET bio = bio`,
    byHand: async () => directory.deps.postgres`
      UPDATE directory.users SET last_name = ${pick(lastNames)} WHERE id = ${await idOf()}`,
    several: async () => directory.deps.postgres`
      DELETE FROM directory.users WHERE id IN (SELECT id FROM directory.users ORDER BY id LIMIT 2)`,
  };
  const patch = async (fields: object) =>
    pick(instances).staff("PATCH", `/directory/users/${await idOf()}`, fields, { "If-Match": "*" });

  const states: Record<string, number> = {};
  for (let step = 0; step < steps; step++) {
    const kind = pick(Object.keys(writes));
    await writes[kind]?.();
    const ask = async ({ path, viewer, uncached }: Question) => {
      const from = pick(instances);
      const [cached, expected] = await Promise.all([
        (viewer === "public" ? from.anyone : from.plain)("GET", path),
        uncached(),
      ]);
      expect(cached.text, `seed ${seed}, step ${step}: ${kind}, ${viewer} ${path}`).toBe(expected);
      const state = cached.headers.get("x-cache") ?? "none";
      states[state] = (states[state] ?? 0) + 1;
    };
    await Promise.all(questions.map(ask));
  }
  // Else it would try nothing.
  expect(states.HIT).toBeGreaterThan(questions.length);
  expect(states.MISS).toBeGreaterThan(questions.length);
});
