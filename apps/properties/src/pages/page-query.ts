import { home } from "./frame.ts";

/** Filters of the search page: parameters of its URL, without its cursor. */
export type PageQuery = URLSearchParams;

const prices = new Set(["minPrice", "maxPrice"]);

/** The query as it is in the URL of the page: what a form sends empty is absent, and prices are digits alone (`$ 300,000,000`). */
export function tidyQuery(given: URLSearchParams): URLSearchParams {
  const tidy = new URLSearchParams();
  for (const [name, text] of given) {
    const value = prices.has(name) && /^[\s$]*\d[\d\s.,'’]*$/.test(text) ? text.replace(/\D/g, "") : text.trim();
    if (value !== "" && !tidy.getAll(name).includes(value)) tidy.append(name, value);
  }
  return tidy;
}

/** The address of the search with these filters. */
export function searchAddress(query: PageQuery, more: Record<string, string> = {}): string {
  const text = new URLSearchParams([...query, ...Object.entries(more)]).toString();
  return text === "" ? home : `${home}?${text}`;
}

/** The same filters with these parameters instead of what they are. */
export function withParameters(query: PageQuery, changed: Record<string, string | undefined>): PageQuery {
  const copy = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changed)) {
    copy.delete(name);
    if (value !== undefined) copy.set(name, value);
  }
  return copy;
}

/** The same filters without this one of a parameter's values. */
export function withoutValue(query: PageQuery, name: string, value: string): PageQuery {
  return new URLSearchParams([...query].filter(([key, text]) => key !== name || text !== value));
}

/** Parameters as the validator has them: one that is repeated is a list. */
export function parametersOf(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}
