import { type KeyedRequest, Problem } from "@quintet/http";
import type { Database } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import { postQueries } from "../posts/post-queries.ts";
import type { Profiles } from "../users/profiles.ts";
import { voteQueries } from "./vote-queries.ts";
import { readVoters, type VoterPage } from "./voter-queries.ts";

interface Voter {
  id: number;
  email: string;
}

/**
 * Adds (`dir` 1) or removes (`dir` 0) an account's vote for a post, once for a keyed request. Resolves to the post's number of votes
 * afterwards. Throws 404 for an unknown post and when there is no vote to remove, 409 when the account has already voted.
 */
export function createVote(db: Database, profiles: Profiles) {
  const queries = voteQueries(db);
  return async (account: Voter, postId: number, dir: 0 | 1, request?: KeyedRequest): Promise<number> => {
    if (dir === 1) await profiles.ensure(account);
    const counted = await runOncePerKey(db, request, async (on) => {
      const { cast, takeBack } = on === db ? queries : voteQueries(on);
      const outcome = await (dir === 1 ? cast(postId, account.id) : takeBack(postId, account.id));
      if (outcome === "unknown post") throw new Problem("not-found", "Post not found.");
      if (outcome === "no change") {
        throw dir === 1
          ? new Problem("conflict", "You have already voted for this post.")
          : new Problem("not-found", "You have not voted for this post.");
      }
      return outcome;
    });
    return counted.votes;
  };
}

/** Reads who voted for a post. Throws 404 for a post that the viewer does not see. */
export function createVoters(db: Database) {
  const { findOwner } = postQueries(db);
  return async (viewer: number, page: { postId: number; after: number; limit: number }): Promise<VoterPage> => {
    if ((await findOwner(page.postId, viewer)) === undefined) throw new Problem("not-found", "Post not found.");
    return readVoters(db, viewer, page);
  };
}
