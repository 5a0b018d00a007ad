import type { OpenAPIHono } from "@hono/zod-openapi";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { addBookmarkRoutes } from "./routes/bookmarks.ts";
import { addCommentRoutes } from "./routes/comments.ts";
import { addFeedRoutes } from "./routes/feeds.ts";
import { addImageRoutes } from "./routes/images.ts";
import { addLeavingRoutes } from "./routes/leaving.ts";
import { addModerationRoutes } from "./routes/moderation.ts";
import { addPostRoutes } from "./routes/posts.ts";
import { addRelationRoutes } from "./routes/relations.ts";
import { addReportRoutes } from "./routes/reports.ts";
import { addSearchRoutes } from "./routes/search.ts";
import { addUserRoutes } from "./routes/users.ts";
import { addVoteRoutes } from "./routes/votes.ts";

const maxImageBytes = 10 * 1024 * 1024;

/** Users, posts, comments and votes below `/social`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const app = createService({
    ...deps.service,
    largeBodies: { paths: /^\/social\/images$/, maxBytes: maxImageBytes },
    tags: {
      social: "People, posts, comments and votes",
      "keeping order": "Reports, what staff does, and appeals",
    },
  });
  deps.records.start();
  deps.accounts.start();
  addUserRoutes(app, deps);
  addPostRoutes(app, deps);
  addVoteRoutes(app, deps);
  addFeedRoutes(app, deps);
  addSearchRoutes(app, deps);
  addRelationRoutes(app, deps);
  addLeavingRoutes(app, deps);
  addCommentRoutes(app, deps);
  addBookmarkRoutes(app, deps);
  addImageRoutes(app, deps);
  addReportRoutes(app, deps);
  addModerationRoutes(app, deps);
  return app;
}

/** The types of its operations, for a typed client. */
export type SocialApi = ReturnType<
  | typeof addUserRoutes
  | typeof addPostRoutes
  | typeof addVoteRoutes
  | typeof addFeedRoutes
  | typeof addRelationRoutes
  | typeof addLeavingRoutes
  | typeof addCommentRoutes
  | typeof addBookmarkRoutes
  | typeof addSearchRoutes
  | typeof addImageRoutes
  | typeof addReportRoutes
  | typeof addModerationRoutes
>;
