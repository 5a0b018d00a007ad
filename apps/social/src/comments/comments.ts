import { type KeyedRequest, Problem } from "@quintet/http";
import { maxCommentDepth } from "../database/comment-tables.ts";
import { type Database, unwrapDriverError } from "../database/database.ts";
import { runOncePerKey } from "../database/processed-requests.ts";
import { type AdmitWrite, reportPhrases, type Said } from "../moderation/write-rules.ts";
import type { Profiles } from "../users/profiles.ts";
import { commentQueries, insertComment, type NewComment } from "./comment-queries.ts";
import { type CommentView, commentLoader } from "./comment-views.ts";

interface Account {
  id: number;
  email: string;
  createdAt: string;
}

/** Creates, reads, changes and deletes comments, and the votes for them. A comment that the account does not see does not exist. */
export function createComments(db: Database, profiles: Profiles, admit: AdmitWrite) {
  const queries = commentQueries(db);
  const load = commentLoader(db);
  const notFound = () => new Problem("not-found", "Comment not found.");

  const get = async (id: number, viewer: number): Promise<CommentView> => {
    const found = await load(id, viewer);
    if (!found) throw notFound();
    return found;
  };

  return {
    get,
    /** Adds a comment to a post, once for a keyed request. Throws 404 for an unknown post, 422 for an unknown comment to reply to. */
    async create(author: Account, comment: NewComment, request?: KeyedRequest): Promise<CommentView> {
      await profiles.ensure(author);
      return runOncePerKey(db, request, async (on) => {
        const outcome = await unwrapDriverError(
          on.transaction(async (tx) => {
            const { content } = comment;
            const phrases = await admit(tx, author, { kind: "comment", texts: { content } });
            const inserted = await insertComment(tx, author.id, comment);
            if (typeof inserted === "object") await reportPhrases(tx, saidIn(inserted.id, author.id, content), phrases);
            return inserted;
          }),
        );
        if (outcome === "unknown post") throw new Problem("not-found", "Post not found.");
        if (outcome === "unknown parent") throw invalidParent("is no comment on this post");
        if (outcome === "too deep") {
          throw invalidParent(`is nested ${maxCommentDepth} levels deep and cannot be replied to`);
        }
        const made = await (on === db ? load : commentLoader(on))(outcome.id, author.id);
        if (!made) throw notFound();
        return made;
      });
    },
    /** Throws 403 for another account's comment. An unknown comment passes: it is a 404 after validation. */
    async requireAuthor(id: number, accountId: number): Promise<void> {
      const found = await load(id, accountId);
      if (found && found.comment.authorId !== accountId) {
        throw new Problem("forbidden", "Only the author may change or delete a comment.");
      }
    },
    async change(id: number, author: Account, content: string): Promise<CommentView> {
      const phrases = await admit(db, author, { texts: { content } });
      if (!(await queries.change(id, author.id, content))) throw notFound();
      await reportPhrases(db, saidIn(id, author.id, content), phrases);
      return get(id, author.id);
    },
    /** Deletes a comment: its text is gone and its replies stay. */
    async delete(id: number, authorId: number): Promise<void> {
      if (!(await queries.delete(id, authorId))) throw notFound();
    },
    /** Adds the account's vote. One that is there stays. */
    async vote(account: Account, id: number): Promise<void> {
      await profiles.ensure(account);
      if (!(await queries.vote(id, account.id))) throw notFound();
    },
    /** Removes the account's vote, also from a comment that it does not see any more. None is fine. */
    async takeBackVote(id: number, accountId: number): Promise<void> {
      if (!(await queries.takeBackVote(id, accountId))) await get(id, accountId);
    },
  };
}

function saidIn(id: number, authorId: number, said: string): Said {
  return { subject: "comment", subjectId: id, authorId, said };
}

function invalidParent(message: string): Problem {
  return new Problem("unprocessable", `parentId: ${message}`, { errors: [{ path: "parentId", message }] });
}
