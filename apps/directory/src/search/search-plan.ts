import type { NameClass } from "./name-classes.ts";

/** The classes of last and first names of a search, and the number of all users. */
export interface NameStatistics {
  last: NameClass[];
  first: NameClass[];
  users: number;
  /** The mask with the bits of all words. */
  full: number;
}

/** Classes of last and first names. */
export interface NameClasses {
  last: NameClass[];
  first: NameClass[];
}

/** How a search is read and counted. Every match is in `full` or in `split`. */
export interface SearchPlan {
  /** The names that contain all words. */
  full: { last: NameClass | undefined; first: NameClass | undefined };
  /** A cover of the users whose two names contain all words only together: each of them has one of these names. */
  split: NameClasses;
  /** The estimated number of matches, as if first and last names were independent. */
  expected: number;
  /** The max number of matches. */
  upperBound: number;
  /** How many users must be read to count the matches that the counts of names do not give. */
  countCost: number;
  /** For each word, how many users have it in a name; a user with it in both names counts twice. */
  usersPerWord: number[];
}

/** How a page is read: by the names of the plan, or first by a scan of `scanRows` rows of all users in order. */
export interface PagePlan {
  scanRows: number | undefined;
  /** The estimated number of rows read. */
  cost: number;
}

/** A scan of this many rows takes no longer than finding the names of a search. */
const minScanRows = 5000;

/**
 * Plans a search from the counts of users per name. The work is bounded by the number of classes, at most 256 per part, and the
 * result is four sets of classes for any number of words.
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
 * Decides whether a page that ends at row `depth` is read by a scan first: where the words are common, the next users in order
 * soon fill it. A scan ends after four times the expected rows, or `minScanRows`, so that words which rarely occur together cost
 * little more than the lookup by name that follows.
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

/** A scan that reaches row `depth` of about `expected` matches. */
export function planScan(expected: number, users: number, depth: number): PagePlan & { scanRows: number } {
  const cost = Math.min(Math.ceil((depth * users) / Math.max(expected, 1)), users);
  return { scanRows: Math.min(Math.max(4 * cost, minScanRows), users), cost };
}

/** The words of a search, the rarest first. */
export function rarestFirst<T>(words: T[], { usersPerWord }: Pick<SearchPlan, "usersPerWord">): T[] {
  const order = words.map((_, i) => i).sort((a, b) => (usersPerWord[a] ?? 0) - (usersPerWord[b] ?? 0));
  return order.flatMap((i) => words[i] ?? []);
}

/** The classes of last and of first names that a search reads. */
export function namesToRead({ full, split }: SearchPlan): [last: NameClass[], first: NameClass[]] {
  return [full.last ? [full.last, ...split.last] : split.last, full.first ? [full.first, ...split.first] : split.first];
}

/**
 * A cover of the pairs of a last and a first class that have all words together: at least one class of each pair, with few users.
 * Every pair has a given word in one of its classes, so the classes with that word are a cover; so are all classes of one part.
 * The smallest of these is then improved greedily: a class is replaced by its partners where they have fewer users.
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

/** The sum over all pairs of classes with all words of the product of their users. */
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
