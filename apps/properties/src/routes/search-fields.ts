import type { Database } from "../database.ts";
import { withLikes } from "../likes/likes.ts";
import type { Property } from "../properties/property.ts";
import { likeFieldNames } from "./schemas.ts";
import type { FieldName } from "./search-schemas.ts";

/** Some fields of properties, in this order. The likes of all of them are read at once, if they are wanted. */
export async function withFields(
  db: Database,
  account: number,
  properties: Property[],
  fields: FieldName[],
): Promise<object[]> {
  const wantsLikes = likeFieldNames.some((name) => fields.includes(name));
  const full: Partial<Record<FieldName, unknown>>[] = wantsLikes
    ? await withLikes(db, account, properties)
    : properties;
  return full.map((property) => Object.fromEntries(fields.map((name) => [name, property[name]])));
}

/** The same for each page of a list. */
export async function* pagesWithFields(
  db: Database,
  account: number,
  pages: AsyncGenerator<Property[], void>,
  fields: FieldName[],
): AsyncGenerator<object[], void> {
  for await (const properties of pages) yield withFields(db, account, properties, fields);
}
