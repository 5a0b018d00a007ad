import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { Answer } from "./harness/client.ts";
import { type AppName, appNames, startBehindHttp } from "./harness/installation.ts";
import { type KeyedCalls, keyedCalls, keyedOperations, type Shot } from "./harness/keyed-calls.ts";
import { fetchDocument } from "./harness/operations.ts";
import { seeded } from "./harness/random.ts";

/**
 * Whatever process is killed in the middle of requests with an `Idempotency-Key`: their clients, who send them again, get the answer of a
 * success, and each was done once.
 */
const full = process.env.QUINTET_FAULTS === "full";
const rounds = full ? 40 : 1;
const shotsEach = full ? 6 : 3;
/** Within so many ms the requests of a round begin, and processes are killed. */
const windowMs = 1000;
const givenUpMs = 120_000;

const quintet = await startBehindHttp();
afterAll(() => quintet[Symbol.asyncDispose]());

const random = seeded(20261122);
const lost = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE"]);

interface Fired {
  operation: string;
  key: string;
  shot: Shot;
  answer: Answer;
}

/** Sends a request, and again with the same key, as long as its client is told that it may. */
async function fire(operation: string, name: string, shot: Shot): Promise<Fired> {
  const key = `key-${name}`;
  const from = performance.now();
  for (;;) {
    const answer = await ask(shot, key);
    if (answer !== undefined && answer.status < 300) return { operation, key, shot, answer };
    // Not there, away, broken off, or under way still: anything else is no honest answer.
    const honest = [undefined, 502, 503, 504].includes(answer?.status) || isUnderWay(answer);
    if (!honest) throw new Error(`${operation}: ${answer?.status} ${answer?.text}`);
    if (performance.now() - from > givenUpMs)
      throw new Error(`${operation}: ${answer?.status} ${answer?.text} for ever`);
    await pause(100 + random.below(200));
  }
}

async function ask({ by, path, body, headers }: Shot, key: string): Promise<Answer | undefined> {
  try {
    return await by.post(path, body, { headers: { ...headers, "Idempotency-Key": key } });
  } catch (error) {
    if (error instanceof Error && "code" in error && lost.has(String(error.code))) return undefined;
    throw error;
  }
}

function isUnderWay(answer: Answer | undefined): boolean {
  return answer?.status === 409 && Number(answer.headers["retry-after"]) > 0;
}

test("is named by the document for the calls that are tried here, and for no other", async () => {
  const document = await fetchDocument(quintet.anyone, "/openapi.json");
  expect(keyedOperations(document).sort()).toEqual(Object.keys(await calls()).sort());
});

let made: Promise<KeyedCalls> | undefined;
function calls(): Promise<KeyedCalls> {
  made ??= keyedCalls(quintet);
  return made;
}

test(`each is done once, in ${rounds} rounds of kills from seed ${random.seed}`, { timeout: 3_600_000 }, async () => {
  const table = await calls();
  const processes: (AppName | "gateway")[] = [...appNames, "gateway"];
  for (let round = 0; round < rounds; round++) {
    const shots: { operation: string; name: string; shot: Shot; at: number }[] = [];
    for (const [operation, make] of Object.entries(table)) {
      for (let i = 0; i < shotsEach; i++) {
        const name = `k${round}x${shots.length}x${random.below(1e9).toString(36)}`;
        shots.push({ operation, name, shot: await make(name), at: random.next() * windowMs });
      }
    }
    const killed = processes.filter(() => rounds === 1 || random.next() < 0.5);
    const kills = killed.map(async (which) => {
      await pause(random.next() * windowMs);
      await quintet.kill(which);
    });
    const firing = shots.map(async ({ operation, name, shot, at }) => {
      await pause(at);
      return fire(operation, name, shot);
    });
    const [fired] = await Promise.all([Promise.all(firing), Promise.all(kills)]);
    const wrong: string[] = [];
    for (const { operation, key, shot, answer } of fired) {
      const times = await shot.effects(answer);
      if (times !== 1) wrong.push(`${operation} was done ${times} times: ${answer.text}`);
      const again = await ask(shot, key);
      if (again?.text !== answer.text || again.headers["idempotency-replayed"] !== "true") {
        wrong.push(`${operation} was answered ${answer.text}, then ${again?.text}`);
      }
    }
    expect(wrong, `round ${round}`).toEqual([]);
  }
  const { backups } = (await quintet.staff.get("/ingest/backups", { limit: 100 })).json<{ backups: unknown[] }>();
  // One for a table, or one of each of the three tables.
  const asked = 1 + 3 + rounds * shotsEach * (1 + 3);
  if (asked <= 100) expect(backups).toHaveLength(asked);
});
