import { type Caller, system } from "../commands/caller.ts";
import type { RedriveSelection } from "../commands/redrive-commands.ts";
import type { OutgoingMessage, TransferCommands } from "../commands/transfer-commands.ts";
import { queueNotFound } from "../queue-errors.ts";

/** How many messages one step of a transfer handles. */
const batchSize = 50;
/** How long a source whose transfers failed is left alone. */
const backoffMs = 1000;

/** Transfers of messages between queues: to a dead-letter queue and back. */
export interface Transfers {
  /**
   * Delivers the messages in a queue's outbox to their destinations. A queue and its dead-letter queue may be on different Redis
   * servers, so a transfer has two steps: the destination accepts the message and records its ticket; then the source completes the
   * transfer and removes the message. Every step may be repeated, late and by any process: an interrupted transfer is completed by
   * the next call, exactly once. A destination that does not exist, or that the owner of the source may no longer send to, rejects the
   * message and records that too; the message then returns to the source. A failing destination delays no other; `failed` has the error of each.
   */
  deliver(source: string): Promise<{ failed: Map<string, unknown> }>;
  /**
   * Moves the dead letters that are in a queue now, at most `max`: to the queues they came from, or to the destination,
   * as far as the caller may send there. Those of the queue
   * itself become ready again. Returns how many were moved.
   */
  redrive(
    queue: string,
    options?: Partial<RedriveSelection> & { max?: number | undefined },
    caller?: Caller,
  ): Promise<number>;
}

type RedriveStep = NonNullable<Awaited<ReturnType<TransferCommands["redrive"]>>>;

/** Transfers by these commands; `maySend` tells whether a queue exists and the caller may send to it. */
export function createTransfers(
  commands: TransferCommands,
  maySend: (queue: string, caller: Caller) => Promise<boolean>,
): Transfers {
  /** Offers messages to the destination. Returns the tickets that it rejected; it has accepted all others. */
  const offer = async (
    destination: string,
    source: string,
    messages: OutgoingMessage[],
    sender: string,
  ): Promise<string[]> => {
    // A destination may be created or deleted between the two commands: then the loop tries again.
    for (;;) {
      const rejected =
        (await commands.accept(destination, source, messages, sender)) ??
        (await commands.reject(destination, source, messages, sender));
      if (rejected) return rejected;
    }
  };

  const deliver: Transfers["deliver"] = async (source) => {
    const failed = new Map<string, unknown>();
    let after = "0";
    for (;;) {
      const outgoing = await commands.listOutgoing(source, { after, max: batchSize });
      const { incarnation, messages, more } = outgoing;
      for (const [destination, group] of Map.groupBy(messages, (message) => message.destination)) {
        if (failed.has(destination)) continue;
        const offered = group.map((message) => ({
          ...message,
          origin: originAtDestination(destination, source, message.origin),
        }));
        try {
          // A redrive checked who began it; dead letters are of the owner of their queue, who may have lost the right.
          const sender = destination === outgoing.deadLetterQueue ? outgoing.owner : "";
          const rejected = await offer(destination, `${source} ${incarnation}`, offered, sender);
          const [returned = [], accepted = []] = [true, false].map((isRejected) =>
            group.filter(({ ticket }) => rejected.includes(ticket) === isRejected),
          );
          if (returned.length > 0) await commands.returnToSource(source, incarnation, returned);
          if (accepted.length > 0) await commands.complete(source, incarnation, accepted);
        } catch (error) {
          failed.set(destination, error);
        }
      }
      if (!more) return { failed };
      after = messages.at(-1)?.ticket ?? after;
    }
  };

  return {
    deliver,
    async redrive(queue, { to = "", all = false, ids = [], max = Number.POSITIVE_INFINITY } = {}, caller = system) {
      const known = new Map<string, boolean>();
      let redrive: string | undefined = "";
      let moved = 0;
      while (redrive !== undefined && moved < max) {
        const options = { caller, redrive, max: Math.min(batchSize, max - moved), to, all, ids, known };
        const step: RedriveStep = (await commands.redrive(queue, options)) ?? queueNotFound(queue);
        if (step.outgoing > 0) for (const error of (await deliver(queue)).failed.values()) throw error;
        // A queue may have been deleted since the last step.
        const names = [...known.keys(), ...step.unknown];
        await Promise.all(names.map(async (name) => known.set(name, await maySend(name, caller))));
        redrive = step.redrive;
        moved += step.moved;
      }
      return moved;
    },
  };
}

/**
 * The origin of a message at its destination: the queues it was dead-lettered from, joined by "/". A transfer to a dead-letter queue
 * adds one; a redrive removes one. Each queue appears at most once, however often a message passes through it.
 */
function originAtDestination(destination: string, source: string, origin: string): string {
  const queues = origin === "" ? [] : origin.split("/");
  if (queues.at(-1) === destination) return queues.slice(0, -1).join("/");
  const at = queues.indexOf(source);
  return [...(at < 0 ? queues : queues.slice(0, at)), source].join("/");
}

/**
 * Transfers that back off after a failure: for a moment `deliver` returns the failed result again, in this process. Every command on a
 * queue tries to deliver its outbox; while that cannot work (the destination is broken, Redis is out of memory), trying must
 * not slow down each of them.
 */
export function withFailureBackoff(transfers: Transfers): Transfers {
  const failures = new Map<string, Awaited<ReturnType<Transfers["deliver"]>>>();
  return {
    ...transfers,
    async deliver(source) {
      const recent = failures.get(source);
      if (recent) return recent;
      const delivered = await transfers.deliver(source);
      if (delivered.failed.size > 0 && !failures.has(source)) {
        failures.set(source, delivered);
        setTimeout(() => failures.delete(source), backoffMs).unref();
      }
      return delivered;
    },
  };
}
