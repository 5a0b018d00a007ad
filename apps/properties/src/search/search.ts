import type { Database } from "../database.ts";
import type { Property } from "../properties/property.ts";
import { matchesWords } from "../term-index/words.ts";
import { idsInOrder } from "./search-plan.ts";
import { type FoundProperty, findPage, findRows } from "./search-queries.ts";
import { isInOneIndex, type Search, type SearchInput, withStatusIds } from "./search-request.ts";
import { idsAtOnce } from "./search-statements.ts";
import type { SortPosition } from "./sort-orders.ts";

/** A page of a search; `end` is the position of its last property when there are more. */
export interface SearchPage {
  properties: Property[];
  end: SortPosition | undefined;
}

/** The first `limit` visible properties of a search, each once, with its latest status. Sees all that was committed before the call. */
export async function searchProperties(db: Database, input: SearchInput, limit: number): Promise<SearchPage> {
  const search = withStatusIds(input, await db.fresh());
  const wanted = limit + 1;
  const found = isInOneIndex(search) ? await findPage(db, search, wanted) : await findByIds(db, search, wanted);
  const page = found.slice(0, limit);
  return {
    properties: page.map(({ property }) => property),
    end: found.length > limit ? page.at(-1)?.position : undefined,
  };
}

/** Properties that are read at once for a list of all of them, where one index has them in order. */
const indexedRows = 1000;
/** The same for other searches: no more than a page may have, so that all that have pages have such a list. */
const otherRows = 100;

/** All properties of a search, a page at a time; each page is read when it is needed. */
export async function* allProperties(db: Database, search: SearchInput): AsyncGenerator<Property[], void> {
  const rows = isInOneIndex(search) ? indexedRows : otherRows;
  let after = search.after;
  do {
    const { properties, end } = await searchProperties(db, { ...search, after }, rows);
    yield properties;
    after = end;
  } while (after);
}

/** The first `wanted` matches in order: reads the candidates and checks their texts. */
async function findByIds(db: Database, search: Search, wanted: number): Promise<FoundProperty[]> {
  const found: FoundProperty[] = [];
  for await (const ids of idsInOrder(db, search)) {
    // Nearly always the first candidates match.
    let size = wanted;
    for (let i = 0; i < ids.length; i += size, size = idsAtOnce) {
      const rows = await findRows(db, search, ids.slice(i, i + size));
      found.push(...rows.filter(({ property }) => matches(property, search)));
      if (found.length >= wanted) return found;
    }
  }
  return found;
}

function matches({ address, description }: Property, { words }: Search): boolean {
  return matchesWords(`${address ?? ""} ${description ?? ""}`, words);
}
