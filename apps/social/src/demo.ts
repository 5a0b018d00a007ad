import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "@quintet/http";
import { type DemoPerson, demoPeople, demoPosts, votersOf } from "./demo-posts.ts";
import { hasPosts, insertDemoPosts, type NewDemoPost } from "./demo-queries.ts";
import type { Deps } from "./deps.ts";
import { usernameOf } from "./username.ts";

const firstPost = Date.UTC(2025, 0, 6, 8, 30);
const hours = 3_600_000;
const issuerTries = 60;

/**
 * Some people, their posts and votes, when there are no posts yet; posts and votes come all or not at all. The accounts are
 * ordinary ones whose passwords are derived from the secret, so that a run that was cut off finds them again.
 */
export async function fillDemo(deps: Deps, progress: (line: string) => void): Promise<void> {
  const { db } = deps.database;
  if (await hasPosts(db)) return;
  const ids = new Map<DemoPerson, number>();
  for (const person of demoPeople) {
    const id = await demoAccount(deps, `${person}@demo.example.com`);
    if (id !== undefined) ids.set(person, id);
  }
  const posts = demoPosts.flatMap(({ by, title, content, published = true }, i): NewDemoPost[] => {
    const ownerId = ids.get(by);
    if (ownerId === undefined) return [];
    const voterIds = published ? votersOf(i).flatMap((person) => ids.get(person) ?? []) : [];
    return [{ ownerId, title, content, published, createdAt: new Date(firstPost + i * 31 * hours), voterIds }];
  });
  if (posts.length === 0)
    return progress("social: no demo posts, the demo accounts belong to somebody else or may not be made");
  await insertDemoPosts(db, posts);
  progress(`social: ${ids.size} people and ${posts.length} posts`);
}

/** Asks the issuer, which may start later than this process: again every second while it cannot be reached. */
async function whenIssuerAnswers<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      if (tried === issuerTries || !(error instanceof Problem && error.code === "unavailable")) throw error;
      await pause(1000, undefined, { ref: false });
    }
  }
}

/** The id of a demo account with its profile; `undefined` for an email that somebody else has taken, or where nobody may make accounts. */
async function demoAccount(deps: Deps, email: string): Promise<number | undefined> {
  const password = createHmac("sha256", deps.demoKey).update(email).digest("base64url");
  const account = await whenIssuerAnswers(() =>
    deps.auth.register({ username: usernameOf(email), email, password }).catch((error: unknown) => {
      if (!(error instanceof Problem && (error.code === "conflict" || error.code === "forbidden"))) throw error;
      return deps.auth.verifyPassword(email, password);
    }),
  );
  return account && (await deps.profiles.own(account)).id;
}
