/**
 * Iterates over the pages of a list; each page is requested when it is needed.
 *
 *     for await (const { users } of pages((cursor) => ok(client.directory.users.$get({ query: { name: "smi", cursor } })))) …
 */
export async function* pages<Page extends { nextCursor: string | null }>(
  read: (cursor: string | undefined) => Promise<Page>,
): AsyncGenerator<Page, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    yield page;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
