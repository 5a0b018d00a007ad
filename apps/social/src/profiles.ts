import type { Database } from "./database.ts";
import { type Profile, profileById, putProfile } from "./profile-queries.ts";

/** The profiles of accounts, each made the first time its account needs one. */
export interface Profiles {
  /** The account's own profile, there and with the account's present email once this resolves. */
  own(account: { id: number; email: string }): Promise<Profile>;
  /** Anyone's profile; `undefined` for an account that never needed one. */
  byId(id: number): Promise<Profile | undefined>;
}

const remembered = 20_000;

/**
 * Profiles are never removed, so a process that has seen one need not ask for it again: it remembers up to 20,000, the
 * latest ones, and writes only for a new account or a changed email.
 */
export function createProfiles(db: Database): Profiles {
  const known = new Map<number, Profile>();
  return {
    async own(account) {
      const seen = known.get(account.id);
      if (seen?.email === account.email) return seen;
      const profile = await putProfile(db, account);
      known.delete(profile.id);
      known.set(profile.id, profile);
      if (known.size > remembered) known.delete(known.keys().next().value!);
      return profile;
    },
    byId: (id) => profileById(db, id),
  };
}
