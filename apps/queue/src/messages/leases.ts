import { z } from "zod";
import type { CommandsOfCaller } from "../commands/queue-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import type { Transfers } from "../transfers/transfers.ts";
import { deliveryOf } from "./receipts.ts";

const receiptsMessage = "must be a list of 1 to 100 receipts";

/** The receipts that `ack`, `nack` and `extend` take. */
export const receiptsSchema = z
  .array(z.string().max(200, "must have at most 200 characters"), { error: receiptsMessage })
  .min(1, receiptsMessage)
  .max(100, receiptsMessage);

/** The result for a receipt: "not-found" when its lease has ended, its message is gone, or it is no receipt of this queue. */
export interface ReceiptResult {
  receipt: string;
  status: "ok" | "not-found";
}

function receiptResults(receipts: string[], held: boolean[]): ReceiptResult[] {
  return receipts.map((receipt, i) => ({ receipt, status: held[i] ? "ok" : "not-found" }));
}

/** Deletes the messages. Throws 404 when the queue does not exist; so do the others. */
export async function ack(commands: CommandsOfCaller, queue: string, receipts: string[]): Promise<ReceiptResult[]> {
  const held = (await commands.ack(queue, receipts.map(deliveryOf))) ?? queueNotFound(queue);
  return receiptResults(receipts, held);
}

/**
 * Returns the messages to the queue, to be received again after `delaySeconds`, without it after the queue's back-off. After their last receive
 * they move to the dead-letter queue, or stay as dead letters.
 */
export async function nack(
  { commands, transfers }: { commands: CommandsOfCaller; transfers: Transfers },
  queue: string,
  receipts: string[],
  delaySeconds: number | undefined,
): Promise<ReceiptResult[]> {
  const options = { delayMs: delaySeconds === undefined ? undefined : delaySeconds * 1000, uncounted: false };
  const released = (await commands.release(queue, receipts.map(deliveryOf), options)) ?? queueNotFound(queue);
  // The messages are returned. Dead letters that cannot be delivered now stay in the outbox; a later command delivers them.
  if (released.outgoing > 0) await transfers.deliver(queue).catch(() => {});
  return receiptResults(receipts, released.held);
}

/** Sets the end of the leases to `visibilitySeconds` from now. */
export async function extend(
  commands: CommandsOfCaller,
  queue: string,
  receipts: string[],
  visibilitySeconds: number,
): Promise<(ReceiptResult & { leasedUntil: string | null })[]> {
  const deliveries = receipts.map(deliveryOf);
  const { leaseEnd, held } =
    (await commands.extend(queue, deliveries, visibilitySeconds * 1000)) ?? queueNotFound(queue);
  const leasedUntil = new Date(leaseEnd).toISOString();
  return receiptResults(receipts, held).map((one) => ({
    ...one,
    leasedUntil: one.status === "ok" ? leasedUntil : null,
  }));
}
