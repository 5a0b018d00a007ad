import { Problem } from "@quintet/http";
import { type Status, type VisibleStatus, visibleStatuses } from "../properties/statuses.ts";

/** Max ids that the visible statuses have together: each is a part of every search. */
export const maxStatusIds = 16;
/** An id that no listing has. */
const noId = -2_147_483_649;

/** The ids of the statuses, as they are in the table `status`, where a name may have several or none. */
export class Statuses {
  readonly #ids = new Map<string, number[]>();

  constructor(rows: { id: number; name: string | null }[]) {
    for (const { id, name } of rows) {
      if (name !== null) this.#ids.set(name, [...(this.#ids.get(name) ?? []), id]);
    }
  }

  /** The ids of a status; none when the table does not have it. */
  idsOf(status: Status): number[] {
    return this.#ids.get(status) ?? [];
  }

  /** The ids of all statuses in which a property is visible. */
  get visibleIds(): number[] {
    return visibleStatuses.flatMap((status) => this.idsOf(status)).slice(0, maxStatusIds);
  }

  /** The ids of some statuses, or without any of those in which properties are visible; never none. */
  searchedIds(statuses: VisibleStatus[]): number[] {
    const ids = statuses.length === 0 ? this.visibleIds : statuses.flatMap((status) => this.idsOf(status));
    return ids.length === 0 ? [noId] : ids.slice(0, maxStatusIds);
  }

  /** The name of a status; null when the table does not have the id. */
  nameOf(id: number): string | null {
    for (const [name, ids] of this.#ids) if (ids.includes(id)) return name;
    return null;
  }

  /** The id to write for a status. Throws `unprocessable` when the table does not have it. */
  idFor(status: Status): number {
    const [id] = this.idsOf(status).toSorted((a, b) => a - b);
    if (id !== undefined) return id;
    const message = `is not in the table \`status\`, which has no row with the name ${status}`;
    throw new Problem("unprocessable", `The status ${message}.`, { errors: [{ path: "status", message }] });
  }
}
