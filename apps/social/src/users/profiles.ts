import { LRUCache } from "lru-cache";
import type { Database } from "../database/database.ts";
import { findProfile, type Profile, upsertProfile } from "./profile-queries.ts";

/** The profiles of accounts; each is created when its account first needs one. */
export interface Profiles {
  /** Creates the account's own profile, or updates its email, when necessary. */
  ensure(account: { id: number; email: string }): Promise<void>;
  /** The profile of any account; `undefined` when it has none. */
  byId(id: number): Promise<Profile | undefined>;
}

const maxCached = 20_000;

/** A process remembers the latest `maxCached` profiles that it has ensured: it writes to Postgres only for another account or a new email. */
export function createProfiles(db: Database): Profiles {
  const ensured = new LRUCache<number, string>({ max: maxCached });
  return {
    async ensure({ id, email }) {
      if (ensured.get(id) === email) return;
      await upsertProfile(db, { id, email });
      ensured.set(id, email);
    },
    byId: (id) => findProfile(db, id),
  };
}
