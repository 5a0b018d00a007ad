import { z } from "@hono/zod-openapi";
import { cursorParam, limitParam, wholeNumber } from "@quintet/http";
import type { CommentNode, CommentTree } from "../comments/comment-tree.ts";
import { commentSorts } from "../comments/comment-tree-queries.ts";
import type { CommentView } from "../comments/comment-views.ts";
import { maxCommentLength } from "../database/comment-tables.ts";
import { authorSchema, toAuthor } from "./author.ts";
import { idParam, safeId, visibleText } from "./schemas.ts";

/** The comment in a path. */
export const commentParams = idParam("Id of the comment");

const content = visibleText(maxCommentLength).openapi({
  description: "Text: 1 to 10,000 characters, at least one of them visible",
  example: "Also try the one in Getsemaní.",
});

export const commentInput = z
  .strictObject({
    content,
    parentId: z
      .number()
      .min(1)
      .refine(Number.isInteger, "must be a whole number")
      .transform(safeId)
      .optional()
      .openapi({
        description: "Id of the comment on the same post to reply to; absent for a comment on the post itself",
      }),
  })
  .openapi("CommentInput", { description: "A comment to add to a post" });

export const commentChanges = z
  .strictObject({ content })
  .openapi("CommentChanges", { description: "The new text of a comment" });

export const commentsQuery = z.strictObject({
  sort: z.enum(commentSorts).optional().openapi({
    description: "`top` (most votes first; the default), `new` (latest first) or `old`, at each level",
  }),
  parentId: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().openapi({
    description: "Id of the comment whose replies are listed; by default those on the post itself",
  }),
  limit: limitParam(20).describe(
    "Max number of comments on the page, 1 to 100, without the replies to them; 20 by default",
  ),
  replies: wholeNumber(0, 10)
    .optional()
    .transform((replies) => replies ?? 3)
    .openapi({ description: "Max number of replies shown with each comment, 0 to 10; 3 by default" }),
  depth: wholeNumber(0, 10)
    .optional()
    .transform((depth) => depth ?? 3)
    .openapi({ description: "How many levels of replies are shown, 0 to 10; 3 by default" }),
  cursor: cursorParam.describe("`nextCursor` of the previous page, or `more` of a comment for its further replies"),
});

const comment = {
  id: z.number().int().describe("Id of the comment"),
  postId: z.number().int().describe("Id of the post"),
  parentId: z
    .number()
    .int()
    .nullable()
    .describe("Id of the comment that it replies to; null for one on the post itself"),
  depth: z.number().int().describe("Number of comments above it"),
  deleted: z
    .boolean()
    .describe(
      "True for a comment that cannot be shown, whatever the reason: no content, no author, no times and no votes",
    ),
  content: z.string().describe("The text; empty when it is deleted"),
  // No `nullable()`: of a named schema it is in the document as what must be an object, too.
  author: z.union([authorSchema, z.null()]).describe("Who wrote it; null when it is deleted"),
  createdAt: z.iso.datetime().nullable().describe("When it was written; null when it is deleted"),
  editedAt: z.iso.datetime().nullable().describe("When its text last changed; null when it did not"),
  votes: z.number().int().describe("Number of votes for it"),
  myVote: z.number().int().min(0).max(1).describe("1 when the caller has voted for it, otherwise 0"),
  replies: z.number().int().describe("Number of replies to it that are not deleted"),
};

export const commentSchema = z.object(comment).openapi("Comment", { description: "A comment on a post" });

export const commentNodeSchema: z.ZodType<CommentNodeResponse> = z
  .object({
    ...comment,
    children: z.array(z.lazy(() => commentNodeSchema)).describe("The first replies to it, each with its own"),
    more: z.string().nullable().describe("Cursor for the replies that are not in `children`; null when all are"),
  })
  .openapi("CommentNode", { description: "A comment with the first replies to it" });

type CommentResponse = z.infer<typeof commentSchema>;

interface CommentNodeResponse extends CommentResponse {
  children: CommentNodeResponse[];
  more: string | null;
}

export const commentTreeSchema = z
  .object({
    comments: z.array(commentNodeSchema).describe("The comments of this level in the order of `sort`"),
    nextCursor: z.string().nullable().describe("Cursor of the next page of this level; null on the last page"),
  })
  .openapi("CommentTree", { description: "One page of comments with the first replies to them" });

/** Of a comment that the viewer does not see, only its place in the tree. */
export function toCommentResponse(view: CommentView): CommentResponse {
  const { id, postId, parentId, depth, content, createdAt, editedAt } = view.comment;
  const place = { id, postId, parentId, depth };
  if (!view.isSeen) {
    const nothing = { content: "", author: null, createdAt: null, editedAt: null, votes: 0, myVote: 0 };
    return { ...place, deleted: true, ...nothing, replies: view.replies };
  }
  return {
    ...place,
    deleted: false,
    content,
    author: toAuthor(view.author),
    createdAt: createdAt.toISOString(),
    editedAt: editedAt?.toISOString() ?? null,
    votes: view.votes,
    myVote: view.voted ? 1 : 0,
    replies: view.replies,
  };
}

function toNodeResponse(node: CommentNode): CommentNodeResponse {
  return { ...toCommentResponse(node), children: node.children.map(toNodeResponse), more: node.more };
}

export function toCommentTree({ comments, nextCursor }: CommentTree): z.infer<typeof commentTreeSchema> {
  return { comments: comments.map(toNodeResponse), nextCursor };
}
