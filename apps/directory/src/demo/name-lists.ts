/** The names of one culture, each list with the most frequent name first. */
export interface NameLists {
  female: string[];
  male: string[];
  last: string[];
  /** The last names of women, where they differ. */
  lastFemale?: string[];
  /** Middle names that stand before the first name of a woman or a man. */
  middleFemale?: string[];
  middleMale?: string[];
  /** Beginnings and ends that are combined to further last names. */
  heads?: string[];
  tails?: string[];
}

/** The words of a template text. */
export function words(text: TemplateStringsArray): string[] {
  return text.join("").trim().split(/\s+/);
}

/** The feminine form of a Czech or Slovak last name. */
export function feminine(name: string): string {
  if (name.endsWith("ý")) return `${name.slice(0, -1)}á`;
  if (/[íůa]$/.test(name)) return `${name.replace(/a$/, "")}${name.endsWith("a") ? "ová" : ""}`;
  return `${name.replace(/[eě]([kcl])$/, "$1")}ová`;
}

/** Every head combined with every tail: `Ash` and `ford`, `Al-` and `Amin`. */
export function joined(heads: string[], tails: string[]): string[] {
  return heads.flatMap((head) => tails.map((tail) => head + (head.endsWith("-") ? capital(tail) : tail)));
}

/** Two different names of a list as one, frequent pairs first. */
export function paired(names: string[], separator: string): string[] {
  const pairs = names.flatMap((a, i) => names.flatMap((b, j) => (i === j ? [] : [{ name: a + separator + b, i, j }])));
  return pairs.sort((a, b) => (a.i + 1) * (a.j + 1) - (b.i + 1) * (b.j + 1)).map((pair) => pair.name);
}

/** Takes names from the lists in turn, so that each keeps about the rank it had in its own list. */
export function interleaved(...lists: string[][]): string[] {
  const longest = Math.max(...lists.map((list) => list.length));
  const all = Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
  return [...new Set(all)];
}

/** The form of a name in an email address: lower-case ASCII letters, empty for a name in another script. */
export function slug(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase().replaceAll("ß", "ss").replaceAll("ł", "l").replaceAll("ø", "o");
  return plain
    .replaceAll(/[đð]/g, "d")
    .replaceAll("æ", "ae")
    .replaceAll("þ", "th")
    .replaceAll("ı", "i")
    .replace(/[^a-z]/g, "");
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
