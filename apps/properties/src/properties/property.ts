/** The fields of a property that are written. `price` is in Colombian pesos, `year` that of construction. */
export interface PropertyFields {
  address: string;
  city: string;
  price: number;
  description: string;
  year: number;
}

/** What not every database has of a property. `area` is in m², the coordinates in degrees. */
export interface OptionalFields {
  rooms: number;
  area: number;
  type: string;
  lat: number;
  lon: number;
}

/** Optional fields that are written; null clears a field. */
type OptionalChanges = { [F in keyof OptionalFields]?: OptionalFields[F] | null | undefined };

/** The fields of a new property. */
export type NewFields = PropertyFields & OptionalChanges;

/**
 * A property with its latest status, which is null without one; `withdrawnAt` is there while it is withdrawn. Other programs may write a field as null, or a status that is not one of
 * `Status`.
 */
export type Property = { id: number; status: string | null; withdrawnAt?: Date } & {
  [F in keyof PropertyFields]: PropertyFields[F] | null;
} & Partial<OptionalFields>;

/** One entry of a property's status history. */
export interface StatusChange {
  id: number;
  status: string | null;
  updateDate: Date | null;
}

/** A property with the date when an account liked it. */
export type LikedProperty = Property & { likedAt: Date };

/** A position in a list that is sorted by date, latest first: date and id of the last row before it. */
export interface DatePosition {
  date: Date;
  id: number;
}

/** A position in a status history, whose last entries may have no date. */
export interface HistoryPosition {
  date: Date | null;
  id: number;
}

/** Changes to a property's fields; an absent field stays as it is. */
export type PropertyChanges = { [F in keyof PropertyFields]?: PropertyFields[F] | undefined } & OptionalChanges;
