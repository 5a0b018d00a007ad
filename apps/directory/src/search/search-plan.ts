import type { NameClass } from "./name-classes.ts";

/** The classes of last and first names of a search, and how many users there are at all. */
export interface NameStatistics {
  last: NameClass[];
  first: NameClass[];
  users: number;
  /** The mask with the bits of all words. */
  full: number;
}

/** Classes of last and of first names. */
export interface NameClasses {
  last: NameClass[];
  first: NameClass[];
}

/** How a search is read and counted. Everybody whom it finds is in `full` or in `mixed`. */
export interface SearchPlan {
  /** The names that have all words. */
  full: { last: NameClass | undefined; first: NameClass | undefined };
  /** Names one of which everybody bears whose names have all words only together: a cover of these pairs of classes. */
  split: NameClasses;
  /** About how many are found, if first names did not depend on last names. */
  expected: number;
  /** No more users than this are found. */
  upperBound: number;
  /** How many users must be looked at to count what the numbers of names do not tell. */
  countCost: number;
  /** How many users have each word in one of their names, those who have it in both twice. */
  usersPerWord: number[];
}

/** How a page is read: by the names of the plan, or, first, by a walk of so many rows through all users in order. */
export interface PagePlan {
  scanRows: number | undefined;
  /** About how many rows are read. */
  cost: number;
}

/** A walk of so many rows takes no longer than to find the names of a search. */
const minScanRows = 5000;

/**
 * What to read for a search, out of how many users bear which names. The work here is bounded by the number of classes, which
 * is at most 256 for each part, and what comes out is four sets of classes, however many words there are.
 */
export function planSearch({ last, first, users, full }: NameStatistics): SearchPlan {
  const fullLast = last.find((one) => one.mask === full);
  const fullFirst = first.find((one) => one.mask === full);
  const pairs: NameClasses = {
    last: last.filter((one) => one !== fullLast),
    first: first.filter((one) => one !== fullFirst),
  };
  const split = findCover(pairs, full);
  const [ofLast, ofFirst] = [fullLast?.users ?? 0, fullFirst?.users ?? 0];
  const splitUsers = usersOf(split.last) + usersOf(split.first);
  return {
    full: { last: fullLast, first: fullFirst },
    split,
    expected: ofLast + ofFirst + (expectedPairs(pairs, full) - ofLast * ofFirst) / Math.max(users, 1),
    upperBound: ofLast + ofFirst + splitUsers,
    countCost: Math.min(ofLast, ofFirst) + splitUsers,
    usersPerWord: bitsOf(full).map((bit) => usersOf([...last, ...first].filter((one) => one.mask & bit))),
  };
}

/**
 * Whether a page that ends `depth` rows deep is read by a walk first: where the words are common, the next users in order
 * fill it soon. A walk ends after four times the rows that it should need, or those that cost nothing, so that names which do
 * not meet cost little more than to be looked up, as they are then.
 */
export function planPage(plan: SearchPlan, users: number, depth: number): PagePlan {
  const [last, first] = namesToRead(plan);
  const byLast = plan.split.last.length > 0 ? usersOf(last) : Math.min(usersOf(last), depth);
  const perName = first.reduce((sum, one) => sum + one.names, 0) * depth;
  const byFirst = plan.split.first.length > 0 ? usersOf(first) : Math.min(usersOf(first), perName);
  const scan = planScan(plan.expected, users, depth);
  return 4 * scan.cost >= byLast + byFirst && users >= byLast + byFirst
    ? { scanRows: undefined, cost: byLast + byFirst }
    : scan;
}

/** A walk to `depth` of the about `expected` users that a search finds. */
export function planScan(expected: number, users: number, depth: number): PagePlan & { scanRows: number } {
  const cost = Math.min(Math.ceil((depth * users) / Math.max(expected, 1)), users);
  return { scanRows: Math.min(Math.max(4 * cost, minScanRows), users), cost };
}

/** The words of a search, those that fewest users have first. */
export function rarestFirst<T>(words: T[], { usersPerWord }: Pick<SearchPlan, "usersPerWord">): T[] {
  const order = words.map((_, i) => i).sort((a, b) => (usersPerWord[a] ?? 0) - (usersPerWord[b] ?? 0));
  return order.flatMap((i) => words[i] ?? []);
}

/** The classes of last and of first names by which a search is read. */
export function namesToRead({ full, split }: SearchPlan): [last: NameClass[], first: NameClass[]] {
  return [full.last ? [full.last, ...split.last] : split.last, full.first ? [full.first, ...split.first] : split.first];
}

/**
 * Of the pairs of a last and a first class that have all words together, at least one class of each; with as few users as
 * is found easily. To begin with, the classes that have one certain word cover all pairs, for there a pair has it; so do
 * all of one part. Then a class is left out wherever those that it is needed for are fewer.
 */
function findCover(classes: NameClasses, full: number): NameClasses {
  const meet = (a: NameClass, b: NameClass) => (a.mask | b.mask) === full;
  const last = classes.last.filter((l) => classes.first.some((f) => meet(l, f)));
  const first = classes.first.filter((f) => last.some((l) => meet(l, f)));
  const withBit = (list: NameClass[], bit: number) => list.filter((one) => one.mask & bit);
  const covers = [last, first, ...bitsOf(full).map((bit) => [...withBit(last, bit), ...withBit(first, bit)])];
  const cover = new Set(covers.reduce((a, b) => (usersOf(b) < usersOf(a) ? b : a)));
  const others = new Map<NameClass, NameClass[]>([
    ...last.map((l) => [l, first] as const),
    ...first.map((f) => [f, last] as const),
  ]);
  for (const one of [...cover].sort((a, b) => b.users - a.users)) {
    const missing = (others.get(one) ?? []).filter((other) => meet(one, other) && !cover.has(other));
    if (usersOf(missing) >= one.users) continue;
    cover.delete(one);
    for (const other of missing) cover.add(other);
  }
  return { last: last.filter((l) => cover.has(l)), first: first.filter((f) => cover.has(f)) };
}

/** The products of the users of each pair of classes that have all words together. */
function expectedPairs({ last, first }: NameClasses, full: number): number {
  let sum = 0;
  for (const l of last) for (const f of first) if ((l.mask | f.mask) === full) sum += l.users * f.users;
  return sum;
}

function bitsOf(full: number): number[] {
  return Array.from({ length: 31 - Math.clz32(full + 1) }, (_, i) => 1 << i);
}

function usersOf(classes: NameClass[]): number {
  return classes.reduce((sum, one) => sum + one.users, 0);
}
