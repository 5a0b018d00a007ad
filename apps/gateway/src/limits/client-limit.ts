/** How many slots a client holds. */
interface Client {
  inUse: number;
}

/** An acquired slot. Its client may become known later. */
export interface Slot {
  client: Client | undefined;
}

/** How many clients without a slot are kept before they are removed together. */
const maxIdleClients = 10_000;

/**
 * A limited number of slots, of which one client may hold at most a share, so that no client can take them all. A client is an account or
 * an address, given by a key.
 */
export class ClientLimit {
  readonly max: number;
  readonly #maxPerClient: number;
  readonly #clients = new Map<string, Client>();
  #inUse = 0;

  /** `share`, above 0 and up to 1, is the part of `max` slots that one client may hold; at least one slot. */
  constructor(max: number, share: number) {
    this.max = max;
    this.#maxPerClient = Math.max(1, Math.floor(max * share));
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** Takes a slot whose client is assigned later; undefined when none is free. */
  acquire(): Slot | undefined {
    if (this.#inUse >= this.max) return undefined;
    this.#inUse++;
    return { client: undefined };
  }

  /** Assigns a slot to a client; false when that client already holds its share. */
  assign(slot: Slot, key: string): boolean {
    const client = this.#clients.get(key) ?? this.#add(key);
    if (client.inUse >= this.#maxPerClient) return false;
    client.inUse++;
    slot.client = client;
    return true;
  }

  release(slot: Slot): void {
    this.#inUse--;
    if (slot.client) slot.client.inUse--;
  }

  /** Clients without a slot are kept for a while: adding and removing an entry for each request would rehash the map all the time. */
  #add(key: string): Client {
    if (this.#clients.size >= maxIdleClients + this.#inUse) {
      for (const [known, { inUse }] of this.#clients) if (inUse === 0) this.#clients.delete(known);
    }
    const client = { inUse: 0 };
    this.#clients.set(key, client);
    return client;
  }
}
