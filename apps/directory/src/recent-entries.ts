import type { CachedEntry } from "./cached-entry.ts";

/** The entries that this process used last, `most` of them at most. */
export function createRecentEntries(most: number) {
  const entries = new Map<string, CachedEntry>();
  return {
    get(key: string): CachedEntry | undefined {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(key: string, entry: CachedEntry): void {
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size <= most) return;
      const oldest = entries.keys().next();
      if (!oldest.done) entries.delete(oldest.value);
    },
  };
}
