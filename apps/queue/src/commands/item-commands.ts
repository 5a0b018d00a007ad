import type { Redis } from "@quintet/db";
import type { RunCommand } from "./load.ts";

/** The keys of a registry of items; `times` has the due times of schedules, or the versions of subscriptions. */
export interface ItemKeys {
  items: string;
  names: string;
  owned: string;
  times: string;
  states: string;
}

/** What an item has at least. Items with the same `timing` are due at the same times. */
export interface Item {
  /** The id of the account that it acts for. */
  owner: number;
  timing?: string;
}

/** An item as it is stored: its definition, what happened with it, and its score in `times`. */
export interface StoredItem<I extends Item, S> {
  name: string;
  item: I;
  state: S | undefined;
  /** Undefined when it is not due any more. */
  time: number | undefined;
}

/** Items with an owner, under one hash tag: schedules, subscriptions. */
export function itemCommands<I extends Item, S>(redis: Redis, run: RunCommand, keys: ItemKeys) {
  const own = [keys.items, keys.names, keys.owned, keys.times];

  const read = async (names: string[]): Promise<StoredItem<I, S>[]> => {
    if (names.length === 0) return [];
    const [items, states, times] = await Promise.all([
      redis.hmget(keys.items, ...names),
      redis.hmget(keys.states, ...names),
      redis.zmscore(keys.times, ...names),
    ]);
    return names.flatMap((name, i) => {
      const [item, state, time] = [items[i], states[i], times[i]];
      if (!item) return [];
      return [
        {
          name,
          item: JSON.parse(item) as I,
          state: state ? (JSON.parse(state) as S) : undefined,
          time: time ? Number(time) : undefined,
        },
      ];
    });
  };

  return {
    read,

    /** The time of the Redis clock, in ms since 1970. */
    async now(): Promise<number> {
      const [seconds, microseconds] = await redis.time();
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
    },

    /** The first `max` items that are due. */
    async due(now: number, max: number): Promise<StoredItem<I, S>[]> {
      return read(await redis.zrangebyscore(keys.times, "-inf", now, "LIMIT", 0, max));
    },

    /** How many items there are, and since when the first one is due, in ms since 1970; a time to come when none is. */
    async overview(): Promise<{ count: number; firstDue: number | undefined }> {
      const [count, [, firstDue]] = await Promise.all([
        redis.zcard(keys.names),
        redis.zrange(keys.times, "0", "0", "WITHSCORES"),
      ]);
      return { count, firstDue: firstDue === undefined ? undefined : Number(firstDue) };
    },

    /** Sets when an item that was due at `time` is due next, and its state, unless it was changed meanwhile. */
    async settle(
      name: string,
      { time, next, state }: { time: number; next: number | undefined; state: S },
    ): Promise<void> {
      await run("settle-schedule-2", [keys.times, keys.states], [name, time, next ?? "", JSON.stringify(state)]);
    },

    /** Creates or replaces an item; `put-item-4.lua` describes the result. `time` is a score in `times`, or undefined for a version. */
    async put(
      name: string,
      item: I,
      options: { time: number | undefined; maxOwned: number; prefix?: { text: string; max: number } },
    ): Promise<"created" | "replaced" | "forbidden" | "owner" | "prefix"> {
      const { time, maxOwned, prefix } = options;
      const args = [name, item.owner, JSON.stringify(item), maxOwned, time ?? "", prefix?.text ?? "", prefix?.max ?? 0];
      return (await run("put-item-4", own, args)) as "created" | "replaced" | "forbidden" | "owner" | "prefix";
    },

    /** Deletes an item of this owner; undefined: of any owner. */
    async delete(
      name: string,
      owner: number | undefined,
      options: { keepVersion: boolean },
    ): Promise<"deleted" | "missing" | "forbidden"> {
      const args = [name, owner ?? "", Number(options.keepVersion)];
      return (await run("delete-item-5", [...own, keys.states], args)) as "deleted" | "missing" | "forbidden";
    },

    /** The first `max` items that changed after a version, by their versions; deleted ones too. */
    async changes(after: number, max: number): Promise<{ name: string; version: number }[]> {
      const found = await redis.zrangebyscore(keys.times, `(${after}`, "+inf", "WITHSCORES", "LIMIT", 0, max);
      const changes: { name: string; version: number }[] = [];
      for (let at = 0; at + 1 < found.length; at += 2) {
        // The member "" has the last version.
        if (found[at] !== "") changes.push({ name: found[at] ?? "", version: Number(found[at + 1]) });
      }
      return changes;
    },

    /** Replaces an item, unless it was changed since it was read. */
    async replace({ name, time }: StoredItem<I, S>, item: I): Promise<void> {
      await run("replace-item-2", [keys.items, keys.times], [name, time ?? "", JSON.stringify(item)]);
    },

    /** Saves states, and forgets the versions of items that were deleted. */
    async saveStates(states: { name: string; state: S | undefined }[]): Promise<void> {
      if (states.length === 0) return;
      const args = states.flatMap(({ name, state }) => [name, state === undefined ? "" : JSON.stringify(state)]);
      await run("save-states-3", [keys.items, keys.times, keys.states], args);
    },

    /** The first `max` names that begin with `prefix`, after `after`, in byte order. */
    names(prefix: string, after: string | undefined, max: number): Promise<string[]> {
      const from = after === undefined ? `[${prefix}` : `(${after}`;
      return redis.zrangebylex(keys.names, from, prefix === "" ? "+" : `(${prefix}\xff`, "LIMIT", 0, max);
    },

    /** The same of the items of one owner. */
    async namesOf(owner: number, after: string | undefined, max: number): Promise<string[]> {
      const from = after === undefined ? `[${owner} ` : `(${owner} ${after}`;
      const found = await redis.zrangebylex(keys.owned, from, `(${owner}!`, "LIMIT", 0, max);
      return found.map((member) => member.slice(String(owner).length + 1));
    },
  };
}

export type ItemCommands<I extends Item, S> = ReturnType<typeof itemCommands<I, S>>;
