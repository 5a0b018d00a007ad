import { bigint, index, text } from "./drizzle.ts";
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
