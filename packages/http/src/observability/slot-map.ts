/**
 * Values that are added and removed with every request, each in a slot. Not a `Set` or `Map`: under such churn those keep replacing their
 * tables, each old table refers to the next, and the first one in the old generation keeps all later members alive until the next full collection.
 */
export class SlotMap<T extends object> {
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** Adds a value and returns its slot. */
  add(value: T): number {
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    return place;
  }

  /** Removes the value in a slot. */
  remove(place: number): void {
    this.#values[place] = undefined;
    this.#free.push(place);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
