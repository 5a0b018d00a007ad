import { decodeCursor, encodeCursor, Problem } from "@quintet/http";
import { z } from "zod";
import type { Database } from "../database/database.ts";
import { postQueries } from "../posts/post-queries.ts";
import {
  type CommentPosition,
  type CommentRow,
  type CommentSort,
  commentSorts,
  compareComments,
  readTree,
} from "./comment-tree-queries.ts";
import type { CommentView } from "./comment-views.ts";

/** A comment with its first replies, each with its own. */
export interface CommentNode extends CommentView {
  children: CommentNode[];
  /** The cursor of its further replies; null when there are none. */
  more: string | null;
}

export interface TreeRequest {
  sort?: CommentSort | undefined;
  parentId?: number | undefined;
  cursor?: string | undefined;
  limit: number;
  replies: number;
  depth: number;
}

export interface CommentTree {
  comments: CommentNode[];
  nextCursor: string | null;
}

/** A cursor's content: post, parent (0 for none), order, and votes and id of the last comment; of none, for all replies. */
const positionSchema = z.tuple([
  z.literal("comments"),
  z.number(),
  z.number(),
  z.enum(commentSorts),
  z.tuple([z.number(), z.number()]).nullable(),
]);

/**
 * Reads the tree of a post's comments, from any comment and any position on. Comments that the viewer does not see are in it as
 * tombstones, so that their replies stay where they are. Throws 404 for a post that the viewer does not see.
 */
export function createCommentTree(db: Database, cursorKey: Buffer) {
  const { findOwner } = postQueries(db);

  return async (postId: number, viewer: number, request: TreeRequest): Promise<CommentTree> => {
    const { sort, parentId, after } = startOf(postId, request);
    if ((await findOwner(postId, viewer)) === undefined) throw new Problem("not-found", "Post not found.");
    const { limit, replies, depth } = request;
    // One comment more than requested tells whether there is a next page.
    const rows = await readTree(db, viewer, { postId, parentId, sort, after, limit: limit + 1, replies, depth });
    const byParent = Map.groupBy(rows.sort(compareComments(sort)), ({ comment }) => comment.parentId ?? 0);
    const cursorAfter = (parent: number, last: CommentRow | undefined) =>
      encodeCursor(cursorKey, ["comments", postId, parent, sort, last ? [last.votes, last.comment.id] : null]);
    const toNode = (row: CommentRow): CommentNode => {
      const { id } = row.comment;
      const shown = byParent.get(id) ?? [];
      const more = shown.length < row.children ? cursorAfter(id, shown.at(-1)) : null;
      return { ...row, children: shown.map(toNode), more };
    };
    const found = byParent.get(parentId) ?? [];
    const onPage = found.slice(0, limit);
    const nextCursor = found.length > limit ? cursorAfter(parentId, onPage.at(-1)) : null;
    return { comments: onPage.map(toNode), nextCursor };
  };

  /** Where a request starts to read. A cursor has it all; what the request itself says must not differ. */
  function startOf(postId: number, { cursor, sort, parentId }: TreeRequest) {
    if (cursor === undefined) return { sort: sort ?? "top", parentId: parentId ?? 0, after: undefined };
    const [, post, parent, order, last] = decodeCursor(cursorKey, cursor, positionSchema);
    const after: CommentPosition | undefined = last ? { votes: last[0], id: last[1] } : undefined;
    if (post === postId && (sort ?? order) === order && (parentId ?? parent) === parent) {
      return { sort: order, parentId: parent, after };
    }
    const message = "The cursor is not valid for this list.";
    throw new Problem("bad-request", message, { errors: [{ path: "cursor", message }] });
  }
}
