import { createHmac } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "@quintet/http";
import type { Deps } from "../deps.ts";
import { usernameFromEmail } from "../users/username.ts";
import { type DemoPerson, demoPeople, demoPosts, votersFor } from "./demo-posts.ts";
import { hasPosts, insertDemoPosts, type NewDemoPost } from "./demo-queries.ts";

const firstPostAt = Date.UTC(2025, 0, 6, 8, 30);
const hourMs = 3_600_000;
const maxAttempts = 60;

/**
 * Creates users with posts and votes, unless there are posts already. Posts and votes are inserted in one transaction. The accounts
 * are ordinary ones with passwords derived from the secret, so that a run after an interrupted one finds them again.
 */
export async function fillDemo(deps: Deps, progress: (line: string) => void): Promise<void> {
  const { db } = deps.database;
  if (await hasPosts(db)) return;
  const ids = new Map<DemoPerson, number>();
  for (const person of demoPeople) {
    const id = await ensureDemoAccount(deps, `${person}@demo.example.com`);
    if (id !== undefined) ids.set(person, id);
  }
  const posts = demoPosts.flatMap(({ by, title, content, published = true }, i): NewDemoPost[] => {
    const ownerId = ids.get(by);
    if (ownerId === undefined) return [];
    const voterIds = published ? votersFor(i).flatMap((person) => ids.get(person) ?? []) : [];
    return [{ ownerId, title, content, published, createdAt: new Date(firstPostAt + i * 31 * hourMs), voterIds }];
  });
  if (posts.length === 0)
    return progress("social: no demo posts: the demo emails are taken, or registration is not allowed");
  await insertDemoPosts(db, posts);
  progress(`social: ${ids.size} people and ${posts.length} posts`);
}

/** Calls the issuer, which may start later than this process: retries every second while it is unavailable, for a minute. */
async function retryWhileUnavailable<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      if (tried === maxAttempts || !(error instanceof Problem && error.code === "unavailable")) throw error;
      await pause(1000, undefined, { ref: false });
    }
  }
}

/** The id of a demo account with its profile; `undefined` when its email is taken or registration is not allowed. */
async function ensureDemoAccount(deps: Deps, email: string): Promise<number | undefined> {
  const password = createHmac("sha256", deps.demoKey).update(email).digest("base64url");
  const account = await retryWhileUnavailable(() =>
    deps.auth.register({ username: usernameFromEmail(email), email, password }).catch((error: unknown) => {
      if (!(error instanceof Problem && (error.code === "conflict" || error.code === "forbidden"))) throw error;
      return deps.auth.verifyPassword(email, password);
    }),
  );
  if (account) await deps.profiles.ensure(account);
  return account?.id;
}
