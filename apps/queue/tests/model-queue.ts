/** A message in the model. */
interface Entry {
  body: number;
  number: number;
  priority: number;
  group: string | undefined;
  delayed: boolean;
  receives: number;
  receipt: string | undefined;
  dedupeId: string | undefined;
}

/**
 * A model of a queue that keeps dedupeIds until their messages are gone, as simple as possible: one list and the rules. Dead letters leave
 * it, or stay in it when it has no dead-letter queue.
 */
export class ModelQueue {
  readonly maxReceives: number;
  readonly dead: number[] = [];
  readonly keepsDead: boolean;
  private readonly entries: Entry[] = [];
  private last = 0;

  constructor(maxReceives: number, keepsDead: boolean) {
    this.maxReceives = maxReceives;
    this.keepsDead = keepsDead;
  }

  send(body: number, options: Pick<Entry, "priority" | "group" | "delayed" | "dedupeId">): void {
    const { dedupeId } = options;
    if (dedupeId !== undefined && this.entries.some((entry) => entry.dedupeId === dedupeId)) return;
    this.entries.push({ body, ...options, number: ++this.last, receives: 0, receipt: undefined });
  }

  /** The bodies that a receive of at most `max` must return, in order; `lease` records that they were received. */
  receivable(max: number): number[] {
    return this.ready()
      .slice(0, max)
      .map((entry) => entry.body);
  }

  lease(body: number, receipt: string): number {
    const entry = this.entries.find((one) => one.body === body)!;
    entry.receipt = receipt;
    return ++entry.receives;
  }

  ack(receipt: string): boolean {
    const at = this.entries.findIndex((entry) => entry.receipt === receipt);
    if (at >= 0) this.entries.splice(at, 1);
    return at >= 0;
  }

  /** The message is nacked, or its lease ends. */
  release(receipt: string, delayed: boolean): boolean {
    const entry = this.entries.find((one) => one.receipt === receipt);
    if (!entry) return false;
    entry.receipt = undefined;
    entry.delayed = delayed;
    if (entry.receives >= this.maxReceives) {
      this.dead.push(entry.body);
      this.entries.splice(this.entries.indexOf(entry), 1);
    }
    return true;
  }

  purge(): void {
    this.entries.length = 0;
    if (this.keepsDead) this.dead.length = 0;
  }

  counts() {
    const heads = this.heads();
    const ready = this.ready().length;
    const leased = heads.filter((entry) => entry.receipt !== undefined).length;
    const delayed = heads.filter((entry) => entry.delayed && entry.receipt === undefined).length;
    const dead = this.keepsDead ? this.dead.length : 0;
    const { length } = this.entries;
    return { ready, leased, delayed, blocked: length - heads.length, dead, length: length + dead };
  }

  /** Messages without a group, and the first of each group. */
  private heads(): Entry[] {
    return this.entries.filter(
      (entry) =>
        entry.group === undefined ||
        this.entries.every((other) => other.group !== entry.group || other.number >= entry.number),
    );
  }

  private ready(): Entry[] {
    return this.heads()
      .filter((entry) => entry.receipt === undefined && !entry.delayed)
      .sort((a, b) => b.priority - a.priority || a.number - b.number);
  }
}
