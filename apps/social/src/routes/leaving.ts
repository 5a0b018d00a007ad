import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { guards } from "@quintet/auth";
import {
  errorResponse,
  jsonBody,
  jsonResponse,
  noQuery,
  Problem,
  type ServiceEnv,
  startedTexts,
  textStream,
} from "@quintet/http";
import { exportOf } from "../account-removal/export.ts";
import { beginRemoval, findRemoval, type Removal } from "../account-removal/removal-queries.ts";
import type { Deps } from "../deps.ts";

const tags = ["social"];

const removalInput = z
  .strictObject({
    keepPosts: z.boolean().openapi({
      description:
        "True keeps published posts and comments, without a name; false erases them. Drafts, votes and relations are erased either way",
    }),
  })
  .openapi("RemovalInput", { description: "What becomes of what the user wrote" });

const removalSchema = z
  .object({
    state: z.enum(["running", "done"]).describe("`done` once nothing is left"),
    keepPosts: z.boolean().describe("Whether what was published stays, without a name"),
    removed: z.number().int().describe("Number of posts, comments, votes and relations removed so far"),
    requestedAt: z.iso.datetime().describe("When the profile was deleted"),
    finishedAt: z.iso.datetime().nullable().describe("When the task was done; null while it is running"),
  })
  .openapi("Removal", { description: "The task that removes what a user leaves behind" });

const exported = z.record(z.string(), z.unknown()).openapi("Exported", { description: "One thing of the user's" });
const all = (what: string) => z.array(exported).describe(what);

const exportSchema = z
  .object({
    profile: all("The profile, one item"),
    posts: all("Posts and drafts"),
    votes: all("Votes for posts"),
    comments: all("Comments that are not deleted"),
    commentVotes: all("Votes for comments"),
    bookmarks: all("Bookmarks"),
    following: all("Followed users"),
    reports: all("Reports to staff"),
    appeals: all("Appeals against what staff did"),
    blocks: all("Blocked users"),
    mutes: all("Muted users"),
  })
  .openapi("Export", { description: "All that a user has in this app" });

function toRemoval({ keepPosts, removed, requestedAt, finishedAt }: Removal): z.infer<typeof removalSchema> {
  return {
    state: finishedAt ? "done" : "running",
    keepPosts,
    removed,
    requestedAt: requestedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

/** Adds the routes that export and delete all that the caller has in this app. */
export function addLeavingRoutes(app: OpenAPIHono<ServiceEnv>, deps: Deps) {
  const { db, searches } = deps.database;
  const { profiles } = deps;
  const guard = guards(deps.auth);

  return app
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/me/export",
        tags,
        summary: "Export all that is the caller's",
        description:
          "Sends the caller's profile, posts, comments, votes and relations as one JSON document, however many there are, as they are read. " +
          "Each is as it was at its moment in the transfer.",
        request: noQuery,
        responses: { 200: jsonResponse(exportSchema, "All that is the caller's") },
      }),
      async (c) => {
        const { account } = c.var;
        await profiles.ensure(account);
        const texts = await startedTexts(exportOf(searches, account.id));
        c.header("Content-Type", "application/json");
        c.header("Content-Disposition", 'attachment; filename="social-export.json"');
        c.header("Cache-Control", "no-store");
        return c.body(textStream(texts), 200) as never;
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:write"),
        method: "delete",
        path: "/users/me",
        tags,
        summary: "Delete the caller's profile",
        description:
          "Deletes the caller's profile for good, at once, and begins a task that removes what it leaves behind. The account stays: it can " +
          "sign in to the other apps, and reads here, but cannot write here any more. Staff can deactivate it. The handle is free after 90 " +
          "days. A repeated request gets the task of the first.",
        request: { ...noQuery, ...jsonBody(removalInput) },
        responses: { 202: jsonResponse(removalSchema, "Profile deleted; `Location` leads to the task") },
      }),
      async (c) => {
        const { account } = c.var;
        const begun = await findRemoval(db, account.id);
        if (!begun) await profiles.ensure(account);
        const removal = begun ?? (await beginRemoval(db, account.id, c.req.valid("json").keepPosts));
        profiles.forget(account.id);
        c.header("Location", "/social/users/me/removal");
        return c.json(toRemoval(removal), 202);
      },
    )
    .openapi(
      createRoute({
        ...guard.account("social:read"),
        method: "get",
        path: "/users/me/removal",
        tags,
        summary: "Get the task that removes what the caller leaves behind",
        description:
          "Says how far the task has come. It is done a minute and a half after the deletion at the earliest.",
        request: noQuery,
        responses: {
          200: jsonResponse(removalSchema, "The task"),
          404: errorResponse("The caller has not deleted the profile"),
        },
      }),
      async (c) => {
        const removal = await findRemoval(db, c.var.account.id);
        if (!removal) throw new Problem("not-found", "You have not deleted your profile.");
        return c.json(toRemoval(removal), 200);
      },
    );
}
