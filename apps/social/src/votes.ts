import { Problem } from "@quintet/http";
import type { Database } from "./database.ts";
import type { Profiles } from "./profiles.ts";
import { voteQueries } from "./vote-queries.ts";

/** Adds (`dir` 1) or takes back (`dir` 0) an account's one vote for a post; resolves to the votes that the post has then. */
export function createVoting(db: Database, profiles: Profiles) {
  const queries = voteQueries(db);
  return async (voter: { id: number; email: string }, postId: number, dir: 0 | 1): Promise<number> => {
    if (dir === 1) await profiles.own(voter);
    const outcome = dir === 1 ? await queries.cast(postId, voter.id) : await queries.takeBack(postId, voter.id);
    if (outcome === "unknown post") throw new Problem("not-found", "There is no such post.");
    if (outcome === "no change") {
      throw dir === 1
        ? new Problem("conflict", "You have already voted for this post.")
        : new Problem("not-found", "You have no vote on this post.");
    }
    return outcome.votes;
  };
}
