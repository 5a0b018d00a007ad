import { bigint, primaryKey, text } from "./drizzle.ts";
import { social, time } from "./schema.ts";

/**
 * The best posts of ranked feeds as they were at a moment, best first. All pages of a walk are of one list, so that a post whose rank
 * changes meanwhile is neither repeated nor missed. Drafts, removed posts and posts of authors hidden from everybody are not in it when it
 * is made; a reader checks again.
 */
export const rankedLists = social.table(
  "ranked_lists",
  {
    name: text().notNull(),
    madeAt: time("made_at").notNull(),
    postIds: bigint("post_ids", { mode: "number" }).array().notNull(),
  },
  (list) => [primaryKey({ columns: [list.name, list.madeAt] })],
);
