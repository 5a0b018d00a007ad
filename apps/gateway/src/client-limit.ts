/** How many of the places one client has. */
interface Client {
  taken: number;
}

/** A place that was taken; whose it is may be known later than that it is taken. */
export interface Place {
  client: Client | undefined;
}

/** So many clients without a place are remembered before they are forgotten together. */
const maxIdle = 10_000;

/**
 * A limited number of places, of which one client gets a share at most, so that nobody can take them all. A client is the account or
 * the address that a text names.
 */
export class ClientLimit {
  readonly max: number;
  readonly #maxOfOne: number;
  readonly #clients = new Map<string, Client>();
  #taken = 0;

  /** `share`, above 0 and up to 1, is what one client may have of `max` places: one in any case. */
  constructor(max: number, share: number) {
    this.max = max;
    this.#maxOfOne = Math.max(1, Math.floor(max * share));
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place for a client that is still to be named; undefined when there is none. */
  take(): Place | undefined {
    if (this.#taken >= this.max) return undefined;
    this.#taken++;
    return { client: undefined };
  }

  /** Says whose place it is; false, and nobody's, when that client has its share already. */
  name(place: Place, name: string): boolean {
    const client = this.#clients.get(name) ?? this.#added(name);
    if (client.taken >= this.#maxOfOne) return false;
    client.taken++;
    place.client = client;
    return true;
  }

  give(place: Place): void {
    this.#taken--;
    if (place.client) place.client.taken--;
  }

  /** Those without a place stay a while: an entry that comes and goes with each request would have the table made anew all the time. */
  #added(name: string): Client {
    if (this.#clients.size >= maxIdle + this.#taken) {
      for (const [known, { taken }] of this.#clients) if (taken === 0) this.#clients.delete(known);
    }
    const client = { taken: 0 };
    this.#clients.set(name, client);
    return client;
  }
}
