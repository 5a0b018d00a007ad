import { z } from "zod";
import type { QueueCommands } from "./commands/queue-commands.ts";
import type { Moves } from "./moves.ts";
import { noSuchQueue } from "./queue-problem.ts";
import { deliveryOf } from "./receipts.ts";

const receiptsMessage = "must be a list of 1 to 100 receipts";

/** The receipts that `ack`, `nack` and `extend` take. */
export const receiptsSchema = z
  .array(z.string().max(200, "must have at most 200 characters"), { error: receiptsMessage })
  .min(1, receiptsMessage)
  .max(100, receiptsMessage);

/** What became of a receipt: "not-found" when its lease is over, when its message is gone, and when it never was one. */
export interface ReceiptResult {
  receipt: string;
  status: "ok" | "not-found";
}

function results(receipts: string[], held: boolean[]): ReceiptResult[] {
  return receipts.map((receipt, i) => ({ receipt, status: held[i] ? "ok" : "not-found" }));
}

/** Removes the messages for good. */
export async function ack(commands: QueueCommands, queue: string, receipts: string[]): Promise<ReceiptResult[]> {
  const held = (await commands.ack(queue, receipts.map(deliveryOf))) ?? noSuchQueue(queue);
  return results(receipts, held);
}

/** Gives the messages back, to be received again after `delaySeconds`, or to the dead-letter queue after their last receive. */
export async function nack(
  { commands, moves }: { commands: QueueCommands; moves: Moves },
  queue: string,
  receipts: string[],
  delaySeconds: number,
): Promise<ReceiptResult[]> {
  const options = { delayMs: delaySeconds * 1000, uncounted: false };
  const released = (await commands.release(queue, receipts.map(deliveryOf), options)) ?? noSuchQueue(queue);
  // They are given back: what could not be brought where it goes now is brought there by the next who comes.
  if (released.outgoing > 0) await moves.deliver(queue).catch(() => {});
  return results(receipts, released.held);
}

/** Lets the leases end `visibilitySeconds` from now. */
export async function extend(
  commands: QueueCommands,
  queue: string,
  receipts: string[],
  visibilitySeconds: number,
): Promise<(ReceiptResult & { leasedUntil: string | null })[]> {
  const deliveries = receipts.map(deliveryOf);
  const { leaseEnd, held } = (await commands.extend(queue, deliveries, visibilitySeconds * 1000)) ?? noSuchQueue(queue);
  const leasedUntil = new Date(leaseEnd).toISOString();
  return results(receipts, held).map((one) => ({ ...one, leasedUntil: one.status === "ok" ? leasedUntil : null }));
}
