import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq } from "../database/drizzle.ts";
import { profiles } from "../database/schema.ts";

export type Profile = typeof profiles.$inferSelect;

/** Creates the account's profile, or updates the email of an existing one. */
export async function upsertProfile(db: Database, account: { id: number; email: string }): Promise<void> {
  const { id, email } = account;
  const added = db.insert(profiles).values({ id, email });
  await unwrapDriverError(added.onConflictDoUpdate({ target: profiles.id, set: { email } }));
}

export async function findProfile(db: Database, id: number): Promise<Profile | undefined> {
  const rows = await unwrapDriverError(db.select().from(profiles).where(eq(profiles.id, id)));
  return rows[0];
}
