import { answerOf, type Database } from "./database.ts";
import { eq } from "./drizzle.ts";
import { profiles } from "./schema.ts";

export type Profile = typeof profiles.$inferSelect;

/** Makes the account's profile, or gives an existing one the account's present email. */
export async function putProfile(db: Database, account: { id: number; email: string }): Promise<Profile> {
  const { id, email } = account;
  const rows = await answerOf(
    db.insert(profiles).values({ id, email }).onConflictDoUpdate({ target: profiles.id, set: { email } }).returning(),
  );
  return rows[0]!;
}

export async function profileById(db: Database, id: number): Promise<Profile | undefined> {
  const rows = await answerOf(db.select().from(profiles).where(eq(profiles.id, id)));
  return rows[0];
}
