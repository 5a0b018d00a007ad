import { bigint, boolean, index, integer, sql, text } from "./drizzle.ts";
import { profiles, social, time } from "./schema.ts";

/**
 * Handles that their holders have changed. Until `until` nobody else can choose one, and who looks for it finds its former holder.
 */
export const formerHandles = social.table(
  "former_handles",
  {
    handleKey: text("handle_key").primaryKey(),
    handle: text().notNull(),
    profileId: bigint("profile_id", { mode: "number" })
      .notNull()
      .references(() => profiles.id),
    until: time("until").notNull(),
  },
  (former) => [index("former_handles_of").on(former.profileId)],
);

/**
 * The task that removes what a person has left behind; one for each profile that was deleted. What remains to be done is read from the other
 * tables, so that a task goes on wherever another process has left it.
 */
export const removals = social.table(
  "removals",
  {
    profileId: bigint("profile_id", { mode: "number" })
      .primaryKey()
      .references(() => profiles.id),
    /** Whether published texts stay, without a name. */
    keepPosts: boolean("keep_posts").notNull(),
    requestedAt: time("requested_at").notNull().defaultNow(),
    /** How many rows were removed so far. */
    removed: integer().notNull().default(0),
    finishedAt: time("finished_at"),
  },
  (removal) => [index("removals_unfinished").on(removal.requestedAt).where(sql`${removal.finishedAt} is null`)],
);
