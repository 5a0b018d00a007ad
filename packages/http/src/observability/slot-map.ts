/**
 * Values that come and go with every request, each at a place of its own. No `Set` or `Map`: one whose members come and go makes its
 * table anew all the time, each old table leads to the next, and so the first that grew old keeps every later member until the next full collection.
 */
export class SlotMap<T extends object> {
  readonly #values: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** Keeps a value and answers its place. */
  add(value: T): number {
    const place = this.#free.pop() ?? this.#values.length;
    this.#values[place] = value;
    return place;
  }

  /** Forgets the value at a place that was taken. */
  remove(place: number): void {
    this.#values[place] = undefined;
    this.#free.push(place);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }
}
