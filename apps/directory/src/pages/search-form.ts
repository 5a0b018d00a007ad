import { filterBar, type Html } from "@quintet/pages";
import { home } from "./frame.ts";

/** The search field. `live` shows results while typing, where the page has a place for them. */
export function searchForm(name: string, { live }: { live: boolean }): Html {
  const filters = [{ name: "name", label: "Name", value: name, placeholder: "Any part of a first or last name" }];
  return filterBar({ action: `${home}/search`, filters, submit: "Search", live });
}

/** A number as it is read: `1,000,000`. */
export function counted(count: number): string {
  return count.toLocaleString("en");
}
