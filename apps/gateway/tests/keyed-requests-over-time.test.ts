import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectMysql, connectPostgres, connectRedis } from "@quintet/db";
import { afterAll, describe, expect, test } from "vitest";
import type { Answer } from "./harness/client.ts";
import { startMounted } from "./harness/installation.ts";
import { keyedCalls, keyedOperations, type Shot } from "./harness/keyed-calls.ts";
import { fetchDocument, operationsOf } from "./harness/operations.ts";

/**
 * What an `Idempotency-Key` means while it counts and when it does not any more, for every call of the document that takes one, with two
 * workers: in docs/decisions/idempotency.md.
 */
const quintet = await startMounted();
const opened = new AsyncDisposableStack();
opened.use(quintet);
afterAll(() => opened.disposeAsync());

const { MYSQL_URL = "", POSTGRES_URL = "", REDIS_URL = "", REDIS_PREFIX = "", BACKUP_DIR = "" } = quintet.settings;
const mysql = connectMysql(MYSQL_URL);
const postgres = connectPostgres(POSTGRES_URL);
const redis = connectRedis(REDIS_URL, { prefix: "", onError: () => {} });
opened.defer(() => mysql.end());
opened.defer(() => postgres.end());
opened.defer(() => redis.disconnect());

const mysqlTables = ["auth_done_requests", "ingest_done_requests", "properties_done_requests"];
const postgresTables = ["directory.done_requests", "social.done_requests"];
/** The records of the queue's own requests. */
const ofQueue = /pushed:\{|\}:(?:sent|created):/;

const keysOfInstallation = () => redis.keys(`${REDIS_PREFIX}*`);

/** Takes everything of keyed requests out of Redis, but for what lies with the messages there. */
async function emptyRedis(): Promise<void> {
  const keys = (await keysOfInstallation()).filter((key) => key.includes("idempotent:"));
  if (keys.length > 0) await redis.del(keys);
}

/** Makes all that is recorded of requests so many minutes older, wherever it lies. */
async function age(minutes: number): Promise<void> {
  for (const table of mysqlTables) {
    await mysql.query(`UPDATE ${table} SET done_at = done_at - INTERVAL ${minutes} MINUTE`);
  }
  await mysql.query(
    `UPDATE ingest_loads SET beat_at = beat_at - INTERVAL ${minutes} MINUTE,
       finished_at = finished_at - INTERVAL ${minutes} MINUTE`,
  );
  for (const table of postgresTables) {
    await postgres`UPDATE ${postgres(table)} SET done_at = done_at - make_interval(mins => ${minutes})`;
  }
  for (const file of await readdir(BACKUP_DIR)) {
    if (!file.endsWith(".json")) continue;
    const path = join(BACKUP_DIR, file);
    const side = JSON.parse(await readFile(path, "utf8"));
    if (side.requestedAt === undefined) continue;
    side.requestedAt = new Date(Date.parse(side.requestedAt) - minutes * 60_000).toISOString();
    await writeFile(path, JSON.stringify(side));
  }
  for (const key of (await keysOfInstallation()).filter((one) => ofQueue.test(one))) {
    const left = (await redis.pttl(key)) - minutes * 60_000;
    if (left > 0) await redis.pexpire(key, left);
    else await redis.del(key);
  }
}

const document = await fetchDocument(quintet.anyone, "/openapi.json");
const calls = await keyedCalls(quintet);
/** The POSTs of programs that create nothing. Forms of pages send no headers; a new POST belongs here or takes a key. */
const withoutKey = [
  "POST /auth/forgot", // the same link again is a new mail, within a budget
  "POST /auth/introspect",
  "POST /auth/password", // changes what is there; the second time the old password is wrong
  "POST /auth/renew", // a form that a browser sends by itself
  "POST /auth/reset", // its token is good once
  "POST /auth/revoke",
  "POST /auth/token", // OAuth has its own: a code is good once, a refresh token gives its successor again
  "POST /ingest/backups/{name}/verify", // the same again tells the same
  "POST /ingest/infer",
  "POST /properties/sql",
  "POST /properties/{id}/restore", // the second time it is there already
  "POST /queue/login",
  "POST /queue/pop", // takes away; named queues have receive and ack for that
  "POST /queue/queues/{name}/ack",
  "POST /queue/queues/{name}/extend",
  "POST /queue/queues/{name}/nack",
  "POST /queue/queues/{name}/purge",
  "POST /queue/queues/{name}/receive",
  "POST /queue/queues/{name}/redrive", // moves what is there
  "POST /queue/sqs", // the protocol of Amazon SQS has its own: deduplication ids and attempt ids
  "POST /queue/sqs/{account}/{queue}",
  "POST /social/appeals", // an action is appealed against once
  "POST /social/comments/{id}/remove", // the second time it is so already, as with those below
  "POST /social/comments/{id}/restore",
  "POST /social/login",
  "POST /social/moderation/word-filters", // a phrase is there once
  "POST /social/posts/{id}/remove",
  "POST /social/posts/{id}/restore",
  "POST /social/users/{id}/restore",
  "POST /social/users/{id}/suspend",
];

describe("Idempotency-Key", () => {
  test("is taken by every POST but for forms and those that create nothing", () => {
    const posts = operationsOf(document).filter(({ method, answersPages }) => method === "POST" && !answersPages);
    const keyed = keyedOperations(document);
    const others = posts.map(({ name }) => name).filter((name) => !keyed.includes(name));
    expect(others.sort()).toEqual(withoutKey);
  });

  test("is tried here for every call that takes it", () => {
    expect(Object.keys(calls).sort()).toEqual(keyedOperations(document).sort());
  });
});

const send = ({ by, path, body, headers }: Shot, key: string): Promise<Answer> =>
  by.post(path, body, { headers: { ...headers, "Idempotency-Key": key } });
/** What a response says, but for the one time in it that `age` moves. */
const unaged = ({ text }: Answer) => text.replace(/"finishedAt":"[^"]+"/, '"finishedAt":""');
const replayed = ({ headers }: Answer) => headers["idempotency-replayed"] === "true";

let number = 0;
const unique = () => `o${++number}x${Math.random().toString(36).slice(2, 8)}`;

describe.each(Object.keys(calls).sort())("%s with a key", (operation) => {
  /** Two requests to one path by one account, and whether they differ. */
  const shots = async () => {
    const make = calls[operation]!;
    const first = await make(unique());
    const second = first.another ?? (await make(unique()));
    const next: Shot = { ...second, path: first.path, by: first.by };
    return { first, next, differ: JSON.stringify(first.body) !== JSON.stringify(next.body) };
  };

  test("is done once in two days, whatever becomes of Redis, and a new one after them", {
    timeout: 60_000,
  }, async () => {
    const { first, next, differ } = await shots();
    const key = `key-${unique()}`;
    const made = await send(first, key);
    expect([made.status < 300, replayed(made)], made.text).toEqual([true, false]);
    expect((await keysOfInstallation()).filter((one) => one.includes("idempotent:"))).toEqual([]);
    expect(await first.effects(made)).toBe(1);

    const again = async (minutes: number) => {
      await age(minutes);
      await emptyRedis();
      const answer = await send(first, key);
      expect([answer.status, unaged(answer), replayed(answer)]).toEqual([made.status, unaged(made), true]);
      if (differ) {
        const refused = await send(next, key);
        expect([refused.status, refused.json<{ detail: string }>().detail]).toEqual([
          422,
          expect.stringMatching(/different (?:request|load|file)/),
        ]);
      }
    };
    await again(0);
    await again(25 * 60);
    await again(22 * 60);

    await age(60);
    const fresh = await send(next, key);
    expect([fresh.status < 300, replayed(fresh)], fresh.text).toEqual([true, false]);
    expect(await next.effects(fresh)).toBe(1);
    const twice = await send(next, key);
    expect([twice.text, replayed(twice)]).toEqual([fresh.text, true]);
  });

  test("of two at once one is done, and another request with the key never", { timeout: 60_000 }, async () => {
    const { first, next, differ } = await shots();
    const key = `key-${unique()}`;
    const answers = await Promise.all([send(first, key), send(first, key), ...(differ ? [send(next, key)] : [])]);
    const done = answers.filter(({ status }) => status < 300);
    expect(done.length, answers.map(({ text }) => text).join()).toBeGreaterThan(0);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    const wrong = answers.filter(({ status }) => status >= 300 && status !== 409 && status !== 422);
    expect(wrong).toEqual([]);
  });
});

describe("a key", () => {
  const post = (title: string) => ({ title, content: "x" });

  test("belongs to its account", async () => {
    const key = { "Idempotency-Key": `shared-${unique()}` };
    const [one, two] = await Promise.all(
      [quintet.plain, quintet.other].map((by) => by.with(key).post("/social/posts", post("mine"))),
    );
    expect([one?.status, two?.status]).toEqual([201, 201]);
    expect(one?.text).not.toBe(two?.text);
  });

  test("of callers without an account is the same for all of them", async () => {
    const key = { "Idempotency-Key": "report-mon" };
    const person = () => ({ email: `${unique()}@example.com`, password: "correct horse battery" });
    expect((await quintet.anyone.with(key).post("/social/users", person())).status).toBe(201);
    const refused = await quintet.anyone.with(key).post("/social/users", person());
    expect(refused.status).toBe(422);
    await age(48 * 60);
    expect((await quintet.anyone.with(key).post("/social/users", person())).status).toBe(201);
  });

  test("is 1 to 255 printable ASCII characters", async () => {
    const by = (key: string) => quintet.plain.with({ "Idempotency-Key": key }).post("/social/posts", post("long"));
    expect((await by("k".repeat(255))).status).toBe(201);
    for (const key of ["k".repeat(256), "a b", "a\u00e9", "a\tb"]) {
      expect((await by(key)).status, key).toBe(400);
    }
  });

  test("counts by the clock of the store, and not by one that is a day ahead", async () => {
    // What another process, whose clock is ahead, has written would be younger than now.
    const key = { "Idempotency-Key": `ahead-${unique()}` };
    const first = await quintet.plain.with(key).post("/social/posts", post("now"));
    const [record] = await postgres`
      SELECT abs(extract(epoch FROM now() - done_at)) < 60 AS now FROM social.done_requests ORDER BY done_at DESC LIMIT 1`;
    expect([first.status, record?.now]).toEqual([201, true]);
  });

  test("is free again when its request was refused", async () => {
    const key = { "Idempotency-Key": `refused-${unique()}` };
    const vote = (postId: number) => quintet.plain.with(key).post("/social/vote", { postId, dir: 1 });
    const { id } = (await quintet.plain.post("/social/posts", post("liked"))).json<{ id: number }>();
    await quintet.plain.post("/social/vote", { postId: id, dir: 1 });
    for (const _ of [1, 2]) expect((await vote(id)).status).toBe(409);
    await quintet.plain.post("/social/vote", { postId: id, dir: 0 });
    expect((await vote(id)).status).toBe(201);
    expect(replayed(await vote(id))).toBe(true);
  });
});
