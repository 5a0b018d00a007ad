import { type Database, unwrapDriverError } from "../database/database.ts";
import { eq, isNull } from "../database/drizzle.ts";
import { profiles } from "../database/schema.ts";

export type Profile = typeof profiles.$inferSelect;

/** Creates the account's profile, or updates the email of an existing one. Returns false for a profile that was deleted. */
export async function upsertProfile(db: Database, account: { id: number; email: string }): Promise<boolean> {
  const { id, email } = account;
  const added = db.insert(profiles).values({ id, email });
  const kept = added.onConflictDoUpdate({ target: profiles.id, set: { email }, setWhere: isNull(profiles.deletedAt) });
  return (await unwrapDriverError(kept.returning({ id: profiles.id }))).length > 0;
}

export async function findProfile(db: Database, id: number): Promise<Profile | undefined> {
  const rows = await unwrapDriverError(db.select().from(profiles).where(eq(profiles.id, id)));
  return rows[0];
}
