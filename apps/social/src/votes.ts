import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "./database.ts";
import { doOnce } from "./done-requests.ts";
import type { Profiles } from "./profiles.ts";
import { voteQueries } from "./vote-queries.ts";

interface Voter {
  id: number;
  email: string;
}

/**
 * Adds (`dir` 1) or takes back (`dir` 0) an account's one vote for a post, once for a keyed request; resolves to the votes that
 * the post has then.
 */
export function createVoting(db: Database, profiles: Profiles) {
  const queries = voteQueries(db);
  return async (account: Voter, postId: number, dir: 0 | 1, request?: KeyedRequest): Promise<number> => {
    if (dir === 1) await profiles.own(account);
    const counted = await doOnce(db, request, async (on) => {
      const { cast, takeBack } = on === db ? queries : voteQueries(on);
      const outcome = await (dir === 1 ? cast(postId, account.id) : takeBack(postId, account.id));
      if (outcome === "unknown post") throw new Problem("not-found", "There is no such post.");
      if (outcome === "no change") {
        throw dir === 1
          ? new Problem("conflict", "You have already voted for this post.")
          : new Problem("not-found", "You have no vote on this post.");
      }
      return outcome;
    });
    return counted.votes;
  };
}
