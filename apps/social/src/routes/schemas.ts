import { z } from "@hono/zod-openapi";
import { isVisible, mustBeVisible } from "@quintet/http";
import { maxContentLength, maxTitleLength } from "../database/schema.ts";
import type { PostWithOwner } from "../posts/post-queries.ts";
import type { Profile } from "../users/profile-queries.ts";

/** Text that Postgres can store as it came: no NUL, no half of a surrogate pair. */
const storableText = (schema: z.ZodString) =>
  schema
    .refine((text) => !text.includes("\0"), { error: "must not contain the NUL character", abort: true })
    .refine((text) => text.isWellFormed(), { error: "must be well-formed Unicode", abort: true });

/** Text of which a reader sees something. */
const visibleText = (limit: number) =>
  storableText(z.string().min(1, { error: "must not be empty", abort: true }).max(limit)).refine(
    isVisible,
    mustBeVisible,
  );

/** A number too large to be an id becomes 0, which nothing has: it is unknown, not malformed. */
const safeId = (id: number) => (Number.isSafeInteger(id) ? id : 0);

export const idParams = z.strictObject({
  id: z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform((digits) => safeId(Number(digits)))
    .openapi({ type: "integer", minimum: 1, example: 7 }),
});

export const searchSchema = storableText(z.string().max(200, "must have at most 200 characters"));

export const postInput = z
  .strictObject({
    title: visibleText(maxTitleLength).openapi({ example: "Coffee in Cali" }),
    content: visibleText(maxContentLength).openapi({
      example: "Go to San Antonio.",
    }),
    published: z.boolean().default(true).openapi({ description: "false for a draft, which its owner alone sees" }),
  })
  .openapi("PostInput");

export const voteInput = z
  .strictObject({
    postId: z
      .number()
      .min(1)
      .refine(Number.isInteger, "must be a whole number")
      .transform(safeId)
      .openapi({ example: 7 }),
    dir: z.literal([0, 1], "must be 1 (vote) or 0 (take it back)"),
  })
  .openapi("VoteInput");

export const userInput = z
  .strictObject({
    email: z.email("must be an email address").max(254).openapi({ example: "ana@example.com" }),
    password: z.string().openapi({ example: "correct horse battery", description: "8 to 1024 characters" }),
    invitation: z
      .string()
      .max(200)
      .optional()
      .openapi({ description: "The token of an invitation, where accounts are made with one" }),
  })
  .openapi("UserInput");

export const loginInput = z
  .strictObject({
    username: z.string().max(254).openapi({ description: "username or email" }),
    password: z.string().max(1024),
    grant_type: z.literal("password").optional().openapi({ description: "what OAuth clients send with it" }),
  })
  .openapi("LoginInput");

export const tokenSchema = z
  .object({ access_token: z.string(), token_type: z.literal("bearer") })
  .openapi("LoginToken");

export const profileSchema = z
  .object({ id: z.number().int(), email: z.string(), createdAt: z.iso.datetime() })
  .openapi("Profile");

export const postSchema = z
  .object({
    id: z.number().int(),
    title: z.string(),
    content: z.string(),
    published: z.boolean(),
    createdAt: z.iso.datetime(),
    ownerId: z.number().int(),
    owner: profileSchema,
  })
  .openapi("Post");

export const postWithVotesSchema = z.object({ post: postSchema, votes: z.number().int() }).openapi("CountedPost");

export const voteResultSchema = z
  .object({ message: z.string(), votes: z.number().int().openapi({ description: "the post's votes now" }) })
  .openapi("Voted");

export function toProfileResponse({ id, email, createdAt }: Profile): z.infer<typeof profileSchema> {
  return { id, email, createdAt: createdAt.toISOString() };
}

export function toPostResponse({ post, owner }: PostWithOwner): z.infer<typeof postSchema> {
  const { id, title, content, published, createdAt, ownerId } = post;
  return {
    id,
    title,
    content,
    published,
    createdAt: createdAt.toISOString(),
    ownerId,
    owner: toProfileResponse(owner),
  };
}

export function toPostWithVotes(found: PostWithOwner): z.infer<typeof postWithVotesSchema> {
  return { post: toPostResponse(found), votes: found.post.votes };
}
