import { randomBytes } from "node:crypto";
import type { Delivery } from "./commands/queue-commands.ts";

// A receipt stands for one delivery of one message: the message's id, then the secret of the lease.
const idLength = 36;
const receiptPattern = /^[0-9a-f-]{36}[\w-]{22}$/;

/** The secret of a lease: 128 random bits as 22 characters. */
export function newLease(): string {
  return randomBytes(16).toString("base64url");
}

export function receiptOf({ id, lease }: Delivery): string {
  return id + lease;
}

/** The delivery that a receipt stands for; what was never a receipt gives one that nobody holds. */
export function deliveryOf(receipt: string): Delivery {
  if (!receiptPattern.test(receipt)) return { id: "", lease: "" };
  return { id: receipt.slice(0, idLength), lease: receipt.slice(idLength) };
}
