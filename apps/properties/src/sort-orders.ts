/** What a page can be ordered by; the id decides between equal rows. `date` is when the latest status was set. */
export type SortColumn = "id" | "price" | "year" | "date";

export interface SortOrder {
  column: SortColumn;
  descending: boolean;
}

/** The values of `sort`. */
export const sortOrders = {
  id: { column: "id", descending: false },
  "-id": { column: "id", descending: true },
  price: { column: "price", descending: false },
  "-price": { column: "price", descending: true },
  year: { column: "year", descending: false },
  "-year": { column: "year", descending: true },
  newest: { column: "date", descending: true },
} as const satisfies Record<string, SortOrder>;

export type Sort = keyof typeof sortOrders;

export const sorts = Object.keys(sortOrders) as [Sort, ...Sort[]];

/** A place in a sorted list: the sorted column and the id of the last row before it. */
export interface Place {
  key: number | Date;
  id: number;
}

/** The order that `sort` means among properties of one year: there, the order of years is that of the ids. */
export function sortWithinYear(sort: Sort): Sort {
  return sort === "year" ? "id" : sort === "-year" ? "-id" : sort;
}
