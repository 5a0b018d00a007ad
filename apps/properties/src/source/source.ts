/** The columns of `property` that not every schema has. */
export const optionalColumns = ["rooms", "area", "type", "lat", "lon"] as const;

export type OptionalColumn = (typeof optionalColumns)[number];

/** What the listings follow: the tables `property`, `status` and `status_history`, of a team or our own. */
export interface Source {
  /** The optional columns that `property` has. */
  columns: ReadonlySet<OptionalColumn>;
  /** How changes of other programs are found: by triggers, or by looking at the end of the history and comparing block by block. */
  capture: "triggers" | "poll";
}
