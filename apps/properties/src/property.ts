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

/** What a property is before it has an id. */
export type PropertyFields = Omit<Property, "id" | "status">;

/** One row of a property's history. */
export interface StatusChange {
  id: number;
  status: Status;
  updateDate: Date;
}

/** A property that an account likes, and since when. */
export interface LikedProperty extends Property {
  likedAt: Date;
}

/** A place in a list that is sorted by date, latest first: date and id of the last row before it. */
export interface DatedPlace {
  date: Date;
  id: number;
}

/** Some of a property's fields; one that is absent stays as it is. */
export type PropertyChanges = { [F in keyof PropertyFields]?: PropertyFields[F] | undefined };
