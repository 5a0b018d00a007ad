import type { CachedEntry } from "./cached-entry.ts";

/** An entry and the time this process received it, from `performance.now()`. */
export interface RecentEntry {
  entry: CachedEntry;
  receivedAt: number;
}

/** The entries that this process used most recently, at most `maxEntries`. */
export function createRecentEntries(maxEntries: number) {
  const entries = new Map<string, RecentEntry>();
  return {
    get(key: string): RecentEntry | undefined {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key: string, entry: CachedEntry): RecentEntry {
      const received = { entry, receivedAt: performance.now() };
      entries.delete(key);
      entries.set(key, received);
      const oldest = entries.keys().next();
      if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value);
      return received;
    },
  };
}
