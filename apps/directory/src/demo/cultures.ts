import { easternNames } from "./eastern-names.ts";
import { interleaved, joined, type NameLists, paired, slug } from "./name-lists.ts";
import { southernNames } from "./southern-names.ts";
import { westernNames } from "./western-names.ts";

/** Users whose first and last names are drawn from the same pair of lists. */
export interface Group {
  /** How many of 200 users belong to the group. */
  share: number;
  first: string[];
  last: string[];
}

const cultures: Record<string, NameLists> = { ...westernNames, ...southernNames, ...easternNames };

const shares: Record<keyof typeof westernNames | keyof typeof southernNames | keyof typeof easternNames, number> = {
  english: 54,
  spanish: 36,
  german: 18,
  french: 16,
  portuguese: 14,
  italian: 12,
  nordic: 10,
  polish: 10,
  asian: 10,
  turkish: 6,
  czech: 4,
  vietnamese: 4,
  russian: 4,
  arabic: 2,
};

/** The groups of all cultures, women and men separately; their shares add up to 200. */
export function nameGroups(): Group[] {
  return Object.entries(shares).flatMap(([culture, share]) => {
    const lists = cultures[culture];
    if (!lists) return [];
    const group = (first: string[], last: string[]): Group => ({
      share: share / 2,
      first: [...new Set(first)],
      last: [...new Set(last)],
    });
    return [
      group(
        firstNames(culture, lists.female, lists.middleFemale),
        lastNames(culture, lists, lists.lastFemale ?? lists.last),
      ),
      group(firstNames(culture, lists.male, lists.middleMale), lastNames(culture, lists, lists.last)),
    ];
  });
}

/** `[name, slug]` for every name of a list, in order. */
export function withSlugs(names: string[]): [string, string][] {
  return names.map((name) => [name, slug(name)]);
}

function firstNames(culture: string, names: string[], middle: string[] = []): string[] {
  const pairs = paired(names.slice(0, 24), culture === "french" || culture === "german" ? "-" : " ");
  if (middle.length > 0) return [...middle.flatMap((word) => names.map((name) => `${word} ${name}`)), ...names];
  return culture === "asian" || culture === "russian" ? names : [...names, ...pairs.slice(0, 150)];
}

function lastNames(culture: string, lists: NameLists, names: string[]): string[] {
  const made = joined(lists.heads ?? [], lists.tails ?? []);
  if (culture === "spanish") return [...names, ...paired(names.slice(0, 90), " ")];
  if (culture === "portuguese")
    return [
      ...names,
      ...interleaved(
        paired(names, " "),
        names.map((name) => `da ${name}`),
      ),
    ];
  if (culture === "russian" || culture === "vietnamese") return names;
  return [...names, ...interleaved(made, paired(names.slice(0, 30), "-").slice(0, 400))];
}
