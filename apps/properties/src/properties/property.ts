import type { Status } from "./statuses.ts";

/** A property with its latest status. `price` is in whole Colombian pesos, `year` that of construction. */
export interface Property {
  id: number;
  address: string;
  city: string;
  price: number;
  description: string;
  year: number;
  status: Status;
}

/** The fields of a property without an id. */
export type PropertyFields = Omit<Property, "id" | "status">;

/** One entry of a property's status history. */
export interface StatusChange {
  id: number;
  status: Status;
  updateDate: Date;
}

/** A property with the date when an account liked it. */
export interface LikedProperty extends Property {
  likedAt: Date;
}

/** A position in a list that is sorted by date, latest first: date and id of the last row before it. */
export interface DatePosition {
  date: Date;
  id: number;
}

/** Changes to a property's fields; an absent field stays as it is. */
export type PropertyChanges = { [F in keyof PropertyFields]?: PropertyFields[F] | undefined };
