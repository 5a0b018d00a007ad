import { randomBytes } from "node:crypto";
import type { Delivery } from "../commands/queue-commands.ts";

// A receipt identifies one delivery of one message: the message's id followed by the secret of the lease.
const idLength = 36;
const receiptPattern = /^[0-9a-f-]{36}[\w-]{22}$/;

/** A new secret of a lease: 128 random bits, base64url, 22 characters. */
export function newLease(): string {
  return randomBytes(16).toString("base64url");
}

export function receiptOf({ id, lease }: Delivery): string {
  return id + lease;
}

/** Whether a text has the form of a receipt. */
export function isReceipt(text: string): boolean {
  return receiptPattern.test(text);
}

/** The delivery that a receipt identifies; an invalid receipt gives a delivery that matches none. */
export function deliveryOf(receipt: string): Delivery {
  if (!isReceipt(receipt)) return { id: "", lease: "" };
  return { id: receipt.slice(0, idLength), lease: receipt.slice(idLength) };
}
