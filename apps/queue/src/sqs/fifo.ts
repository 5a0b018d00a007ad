import { isFifoQueue } from "../queues/settings.ts";

/** The deduplication id of a message that counts in its group only. No group and no id has a space. */
export function idInGroup(groupId: string, id: string): string {
  return `${groupId} ${id}`;
}

/** The id that the sender gave, of one that may count in its group only. */
export function idOfSender(dedupeId: string): string {
  return dedupeId.slice(dedupeId.lastIndexOf(" ") + 1);
}

/** The number of a message as FIFO queues of SQS show it: 20 digits. */
export function sequenceNumber(queue: string, number: number | undefined): string | undefined {
  return number === undefined || !isFifoQueue(queue) ? undefined : String(number).padStart(20, "0");
}
