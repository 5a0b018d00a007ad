import { z } from "@hono/zod-openapi";
import { fullScope, grantable } from "@quintet/auth";
import { cursorParam, isVisible, limitParam, mustBeVisible } from "@quintet/http";
import { maxAltLength } from "../database/image-tables.ts";
import { maxContentLength, maxTitleLength } from "../database/schema.ts";
import type { PostView } from "../posts/load-posts.ts";
import type { PostEdit } from "../posts/post-queries.ts";
import { handleFault } from "../users/handles.ts";
import type { Profile } from "../users/profile-queries.ts";
import { authorSchema, toAuthor } from "./author.ts";

/** Text that Postgres can store unchanged: no NUL, no unpaired surrogate. */
export const storableText = (schema: z.ZodString) =>
  schema
    .refine((text) => !text.includes("\0"), { error: "must not contain the NUL character", abort: true })
    .refine((text) => text.isWellFormed(), { error: "must be well-formed Unicode", abort: true });

/** Text with at least one visible character. */
export const visibleText = (limit: number) =>
  storableText(z.string().min(1, { error: "must not be empty", abort: true }).max(limit)).refine(
    isVisible,
    mustBeVisible,
  );

/** A number too large for an id becomes 0, which no row has: it is unknown (404), not invalid. */
export const safeId = (id: number) => (Number.isSafeInteger(id) ? id : 0);

export const idParam = (description: string) =>
  z.strictObject({
    id: z
      .string()
      .regex(/^\d+$/, "must be a whole number")
      .transform((digits) => safeId(Number(digits)))
      .openapi({ type: "integer", minimum: 1, example: 7, description }),
  });

/** The post in a path. */
export const postParams = idParam("Id of the post");

export const searchSchema = storableText(z.string().max(200, "must have at most 200 characters"));

const imageInput = z
  .strictObject({
    id: z.uuid("must be the id of an image").openapi({ description: "Id of an image that the caller uploaded" }),
    alt: storableText(z.string().max(maxAltLength))
      .default("")
      .openapi({ description: "What the image shows, for those who do not see it; at most 1,000 characters" }),
  })
  .openapi("PostImageInput", { description: "An image for a post" });

const postImages = z
  .array(imageInput)
  .max(4, "must have at most 4 images")
  .refine((images) => new Set(images.map(({ id }) => id)).size === images.length, "must have each image once")
  .openapi({
    description: "At most four images, which no other post has; images of the post that are left out are deleted",
  });

export const postInput = z
  .strictObject({
    title: visibleText(maxTitleLength).openapi({
      description: "Title: 1 to 300 characters, at least one of them visible",
      example: "Coffee in Cali",
    }),
    content: visibleText(maxContentLength).openapi({
      description: "Content: 1 to 40,000 characters, at least one of them visible",
      example: "Go to San Antonio.",
    }),
    published: z.boolean().default(true).openapi({ description: "False for a draft, which only its owner can see" }),
    images: postImages.default([]),
  })
  .openapi("PostInput", { description: "The text of a post" });

const { title, content, published, images } = postInput.shape;

export const postChanges = z
  .strictObject({
    title: title.optional(),
    content: content.optional(),
    published: published
      .unwrap()
      .optional()
      .openapi({ description: "False for a draft, which only its owner can see" }),
    images: images.unwrap().optional(),
  })
  .openapi("PostChanges", { description: "The fields of a post to change; absent fields stay as they are" });

/** For `PUT`, as clients send back what they got. */
export const postReplacement = postInput
  .extend({ id: z.number().optional().openapi({ description: "Optional; must be the id in the path", example: 7 }) })
  .openapi("PostReplacement", { description: "The new text of a post" });

const postId = z.number().min(1).refine(Number.isInteger, "must be a whole number").transform(safeId).optional();

export const voteInput = z
  .strictObject({
    postId: postId.openapi({ description: "Id of the post", example: 7 }),
    post_id: postId.openapi({ description: "The same as `postId`, of which a request has one" }),
    dir: z
      .literal([0, 1], "must be 1 (add the vote) or 0 (remove it)")
      .openapi({ type: "integer", enum: [0, 1], description: "1 adds the vote, 0 removes it" }),
  })
  .refine(({ postId, post_id }) => postId !== undefined || post_id !== undefined, {
    path: ["postId"],
    error: "is required",
  })
  .refine(({ postId, post_id }) => postId === undefined || post_id === undefined, {
    path: ["post_id"],
    error: "cannot be combined with postId",
  })
  .openapi("VoteInput", { description: "A vote to add or remove" });

export const displayNameText = storableText(z.string().trim().max(60))
  .refine(
    (text) => !/\p{Cc}|\p{Zl}|\p{Zp}|[\u202a-\u202e\u2066-\u2069]/u.test(text),
    "must not have control characters",
  )
  .openapi({ description: "Name to show, up to 60 characters; may be empty", example: "Ana María" });

export const handleText = z
  .string()
  .superRefine((text, context) => {
    const message = handleFault(text);
    if (message) context.addIssue({ code: "custom", message });
  })
  .openapi({
    description:
      "Handle without `@`: 2 to 30 ASCII letters, digits and underscores. Neither it nor one that looks like it may be another user's",
    example: "ana",
  });

export const profileChanges = z
  .strictObject({
    handle: handleText.optional(),
    displayName: displayNameText.optional(),
    bio: storableText(z.string().max(500))
      .optional()
      .openapi({ description: "What the person says of themselves, up to 500 characters; may be empty" }),
  })
  .openapi("ProfileChanges", {
    description: "The parts of the caller's profile to change; absent fields stay as they are",
  });

export const userInput = z
  .strictObject({
    email: z.email("must be an email address").max(254).openapi({
      description: "Email address, up to 254 characters",
      example: "ana@example.com",
    }),
    password: z.string().openapi({ description: "Password: 8 to 1024 characters", example: "correct horse battery" }),
    invitation: z
      .string()
      .max(200)
      .optional()
      .openapi({ description: "Token of an invitation; required where registration is by invitation" }),
    handle: handleText.optional(),
  })
  .openapi("UserInput", { description: "The account to create" });

export const loginInput = z
  .strictObject({
    username: z.string().max(254).openapi({ description: "Username or email address" }),
    password: z.string().max(1024).openapi({ description: "Password of the account" }),
    grant_type: z.literal("password").optional().openapi({ description: "Optional; OAuth clients send it" }),
    scope: z
      .string()
      .max(1000)
      .refine((text) => grantable(text || fullScope) !== undefined, "has an unknown scope")
      .optional()
      .openapi({ description: "Scopes of the token, separated by spaces; all by default", example: "social:read" }),
    client_id: z.string().max(254).optional().openapi({ description: "Sent by OAuth clients; not used" }),
    client_secret: z.string().max(1024).optional().openapi({ description: "Sent by OAuth clients; not used" }),
  })
  .openapi("LoginInput", { description: "The credentials of an account" });

export const tokenSchema = z
  .object({
    access_token: z.string().describe("Access token (JWT), to be sent as `Authorization: Bearer`"),
    token_type: z.literal("bearer").openapi({ description: "Always `bearer`" }),
  })
  .openapi("LoginToken", { description: "An access token" });

/** Who reads a response. */
export interface Reader {
  id: number;
  /** Whether the reader may see the emails of others: staff may, and with `SHOW_EMAILS=true` everybody. */
  seesEmails: boolean;
}

export const emailField = z
  .string()
  .optional()
  .describe("Email address of the account; for its owner, for staff, and with `SHOW_EMAILS=true` for everybody");

/** The email of a profile, where the reader may see it; none for a deleted profile. */
export function emailFor({ id, seesEmails }: Reader, profile: Profile): { email?: string } {
  const isShown = profile.deletedAt === null && (seesEmails || id === profile.id);
  return isShown ? { email: profile.email } : {};
}

export const ownerSchema = z
  .object({
    id: z.number().int().describe("Id of the user, the same as of the account"),
    email: emailField,
    createdAt: z.iso.datetime().describe("When the profile was created"),
  })
  .openapi("Owner", { description: "The user who owns something" });

export const createdUserSchema = z
  .object({
    id: z.number().int().describe("Id of the user, the same as of the account"),
    email: z.string().describe("Email address of the account"),
    createdAt: z.iso.datetime().describe("When the profile was created"),
    handle: z.string().optional().describe("The handle, if the request chose one and nobody took it meanwhile"),
  })
  .openapi("CreatedUser", { description: "A new user" });

export function toCreatedUser({ id, email, createdAt, handle }: Profile): z.infer<typeof createdUserSchema> {
  return { id, email, createdAt: createdAt.toISOString(), ...(handle !== null && { handle }) };
}

const postImageSchema = z
  .object({
    id: z.uuid().describe("Id of the image"),
    url: z.string().describe("Where it is; `?width=` chooses a size"),
    alt: z.string().describe("What the image shows; may be empty"),
    width: z.number().int().describe("Width in pixels of the largest size"),
    height: z.number().int().describe("Height in pixels of the largest size"),
  })
  .openapi("PostImage", { description: "An image of a post" });

export const postSchema = z
  .object({
    id: z.number().int().describe("Id of the post"),
    title: z.string().describe("Title, 1 to 300 characters"),
    content: z.string().describe("Content, 1 to 40,000 characters; in a list its first 500"),
    truncated: z.boolean().describe("Whether `content` is only the start of the content, as in a list"),
    published: z.boolean().describe("False for a draft, which only its owner can see"),
    createdAt: z.iso.datetime().describe("When the post was created"),
    publishedAt: z.iso
      .datetime()
      .nullable()
      .describe("When the post was first published, which is its time in lists; null for a draft that never was"),
    editedAt: z.iso
      .datetime()
      .nullable()
      .describe("When title or content last changed after the first publication; null when they did not"),
    version: z.number().int().describe("Counts the changes of what the owner writes"),
    tags: z.array(z.string()).describe("The words after `#` in title and content, in lower case, at most ten"),
    images: z.array(postImageSchema).describe("At most four images, in the order of the author"),
    comments: z.number().int().describe("Number of comments on the post that are not deleted"),
    myVote: z.number().int().min(0).max(1).describe("1 when the caller has voted for the post, otherwise 0"),
    ownerId: z.number().int().describe("Id of the user who owns the post"),
    owner: ownerSchema,
    author: authorSchema,
  })
  .openapi("Post", { description: "A post with its owner" });

export const postWithVotesSchema = z
  .object({ post: postSchema, votes: z.number().int().describe("Number of votes for the post") })
  .openapi("PostWithVotes", { description: "A post with its number of votes" });

export const postListSchema = z
  .array(postWithVotesSchema)
  .openapi("PostList", { description: "One page of posts, newest first" });

const postEditSchema = z
  .object({
    version: z.number().int().describe("The version of the post that had this text"),
    title: z.string().describe("The title at that time"),
    content: z.string().describe("The content at that time"),
    writtenAt: z.iso.datetime().describe("When the text was written, or first published"),
    replacedAt: z.iso.datetime().describe("When the text was replaced"),
  })
  .openapi("PostEdit", { description: "An earlier text of a post" });

export const postHistorySchema = z
  .object({
    history: z.array(postEditSchema).describe("Earlier texts, latest first"),
    nextCursor: z.string().nullable().describe("Cursor of the next page; null on the last page"),
  })
  .openapi("PostHistory", { description: "One page of the earlier texts of a post, latest first" });

export const bookmarksQuery = z.strictObject({ limit: limitParam(20), cursor: cursorParam });

export const bookmarkedSchema = z
  .object({
    posts: z
      .array(postWithVotesSchema)
      .describe("The posts, latest bookmark first; a page may have fewer than `limit` and still have a next one"),
    nextCursor: z.string().nullable().describe("Cursor of the next page; null on the last page"),
  })
  .openapi("BookmarkedPosts", { description: "One page of the posts that the caller has bookmarked" });

export const voteResultSchema = z
  .object({
    message: z.string().describe("What was done, in words"),
    votes: z.number().int().describe("Number of votes for the post now"),
  })
  .openapi("VoteResult", { description: "The result of a vote" });

export function toOwner(profile: Profile, reader: Reader): z.infer<typeof ownerSchema> {
  return { id: profile.id, ...emailFor(reader, profile), createdAt: profile.createdAt.toISOString() };
}

export function toPostResponse(view: PostView, reader: Reader): z.infer<typeof postSchema> {
  const { post, owner, isTruncated, voted, comments, tags, images } = view;
  const { id, title, content, published, createdAt, publishedAt, editedAt, version, ownerId } = post;
  return {
    id,
    title,
    content,
    truncated: isTruncated,
    published,
    createdAt: createdAt.toISOString(),
    publishedAt: publishedAt?.toISOString() ?? null,
    editedAt: editedAt?.toISOString() ?? null,
    version,
    tags,
    images: images.map((image) => ({ ...image, url: `/social/images/${image.id}` })),
    comments,
    myVote: voted ? 1 : 0,
    ownerId,
    owner: toOwner(owner, reader),
    author: toAuthor(owner),
  };
}

export function toPostWithVotes(found: PostView, reader: Reader): z.infer<typeof postWithVotesSchema> {
  return { post: toPostResponse(found, reader), votes: found.votes };
}

export function toPostEdit({ writtenAt, replacedAt, ...text }: PostEdit): z.infer<typeof postEditSchema> {
  return { ...text, writtenAt: writtenAt.toISOString(), replacedAt: replacedAt.toISOString() };
}
