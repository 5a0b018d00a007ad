import { LRUCache } from "lru-cache";
import type { Database } from "../database/database.ts";
import { findProfile, type Profile, upsertProfile } from "./profile-queries.ts";

/** The profiles of accounts; each is created when its account first needs one. */
export interface Profiles {
  /** The account's own profile; creates it, or updates its email, when necessary. */
  ensure(account: { id: number; email: string }): Promise<Profile>;
  /** The profile of any account; `undefined` when it has none. */
  byId(id: number): Promise<Profile | undefined>;
}

const maxCached = 20_000;

/**
 * Profiles are never deleted, so a process caches them: the latest `maxCached`. It writes to Postgres only for an account that is not
 * in the cache or whose email has changed.
 */
export function createProfiles(db: Database): Profiles {
  const cached = new LRUCache<number, Profile>({ max: maxCached });
  return {
    async ensure(account) {
      const hit = cached.get(account.id);
      if (hit?.email === account.email) return hit;
      const profile = await upsertProfile(db, account);
      cached.set(profile.id, profile);
      return profile;
    },
    byId: (id) => findProfile(db, id),
  };
}
