/** The sort columns; equal rows are ordered by id. `date` is the date of the current status, `distance` that from the centre of a circle in km. */
export type SortColumn = "id" | "price" | "year" | "date" | "distance";

export interface SortOrder {
  column: SortColumn;
  descending: boolean;
}

/** The sort orders, by the value of the `sort` parameter. */
export const sortOrders = {
  id: { column: "id", descending: false },
  "-id": { column: "id", descending: true },
  price: { column: "price", descending: false },
  "-price": { column: "price", descending: true },
  year: { column: "year", descending: false },
  "-year": { column: "year", descending: true },
  newest: { column: "date", descending: true },
  distance: { column: "distance", descending: false },
} as const satisfies Record<string, SortOrder>;

export type Sort = keyof typeof sortOrders;

export const sorts = Object.keys(sortOrders) as [Sort, ...Sort[]];

/** A position in a sorted list: sort key and id of the last row before it. */
export interface SortPosition {
  key: number | Date;
  id: number;
}

/** The equivalent order among properties of one year: sorting by year becomes sorting by id. */
export function sortWithinYear(sort: Sort): Sort {
  return sort === "year" ? "id" : sort === "-year" ? "-id" : sort;
}
