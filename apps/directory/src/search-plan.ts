import type { NameClass } from "./name-classes.ts";

/** The classes of last and first names of a search, and how many users there are at all. */
export interface NameStatistics {
  last: NameClass[];
  first: NameClass[];
  users: number;
  /** The mask with the bits of all words. */
  full: number;
}

/**
 * A share of the users that a search finds, with the way to read it in order; a user may be in two shares:
 * - `last-names`: name by name, users of these last names; their first names are of class `first`, or any;
 * - `first-names`: the first users of each of these first names; their last names are of class `last`, or any;
 * - `walk`: through all users, those of these first names; their last names are of class `last`, or any;
 * - `walk-all`: through all users, those in whose names every word stands.
 */
export type Share =
  | { by: "last-names"; last: NameClass; first?: NameClass }
  | { by: "first-names"; first: NameClass; last?: NameClass }
  | { by: "walk"; first: NameClass; last?: NameClass }
  | { by: "walk-all" };

/** Users whose last name is of one class and whose first name is of another. */
export interface Crossing {
  last: NameClass;
  first: NameClass;
}

export interface SearchPlan {
  shares: Share[];
  /** The total as far as it is known without counting. */
  base: number;
  /** Crossings to be counted exactly, and with which sign they belong to the total. */
  counted: { crossing: Crossing; sign: 1 | -1 }[];
  /** False when `base` has an estimate in it. */
  isExact: boolean;
  /** No more users than this are found. */
  most: number;
}

/** A crossing is counted when one of its sides has at most this many users, otherwise it is estimated. */
const countedUsers = 20_000;

/** Pages that begin deeper than this are read by one walk when the searched words are common. */
const deepRows = 1000;

/**
 * How a search is read and counted, `depth` rows deep. Everything comes from how many users bear which names:
 * a rare word is looked up by its names, a common one is met soon enough on a walk in order.
 */
export function planSearch(statistics: NameStatistics, depth: number): SearchPlan {
  const { full, users } = statistics;
  const last = statistics.last.find((one) => one.mask === full);
  const first = statistics.first.find((one) => one.mask === full);
  const mixed = mixedCrossings(statistics);
  const crossings: SearchPlan["counted"] = mixed.map((crossing) => ({ crossing, sign: 1 }));
  if (last && first) crossings.push({ crossing: { last, first }, sign: -1 });
  const counted = crossings.filter(({ crossing }) => smallerSide(crossing) <= countedUsers);
  const estimated = crossings.filter(({ crossing }) => smallerSide(crossing) > countedUsers);

  let base = (last?.users ?? 0) + (first?.users ?? 0);
  for (const { crossing, sign } of estimated) base += sign * expectedUsers(crossing, users);
  const expected = counted.reduce((sum, { crossing, sign }) => sum + sign * expectedUsers(crossing, users), base);

  const shares: Share[] = [];
  if (last) shares.push({ by: "last-names", last });
  if (first) shares.push(firstNameShare(first, users, depth));
  shares.push(...mixed.map((crossing) => mixedShare(crossing, users, depth)));
  const walkAll = depth > deepRows && 4 * shares.length * expected > users;
  return {
    shares: walkAll ? [{ by: "walk-all" }] : shares,
    base,
    counted,
    isExact: estimated.length === 0,
    most: mixed.reduce((sum, crossing) => sum + smallerSide(crossing), (last?.users ?? 0) + (first?.users ?? 0)),
  };
}

/** Pairs of classes that have all words only together. */
function mixedCrossings({ last, first, full }: NameStatistics): Crossing[] {
  return last.flatMap((l) =>
    first
      .filter((f) => l.mask !== full && f.mask !== full && (l.mask | f.mask) === full)
      .map((f) => ({ last: l, first: f })),
  );
}

/** The first `depth` users of each name, or a walk that meets one of these names often enough: whichever reads fewer rows. */
function firstNameShare(first: NameClass, users: number, depth: number): Share {
  const lookUps = Math.min(first.users, first.names * depth);
  const walked = (depth * users) / first.users;
  return lookUps <= walked ? { by: "first-names", first } : { by: "walk", first };
}

/** All users of the rarer side, or a walk if that reads fewer rows: up to the next of these last names, and on to enough users. */
function mixedShare({ last, first }: Crossing, users: number, depth: number): Share {
  const walked = users / last.names + (depth * users) / expectedUsers({ last, first }, users);
  if (walked < Math.min(last.users, first.users)) return { by: "walk", first, last };
  return { by: first.users < last.users ? "first-names" : "last-names", first, last };
}

function smallerSide({ last, first }: Crossing): number {
  return Math.min(last.users, first.users);
}

/** How many users a crossing has if first names do not depend on last names. */
function expectedUsers({ last, first }: Crossing, users: number): number {
  return (last.users * first.users) / Math.max(users, 1);
}
