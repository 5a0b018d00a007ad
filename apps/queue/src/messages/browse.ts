import { Problem } from "@quintet/http";
import type {
  MessageFilter,
  MessageSet,
  MessageState,
  SetPosition,
  StoredMessage,
} from "../commands/browse-commands.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import { queueNotFound } from "../queue-errors.ts";
import { isFifoQueue } from "../queues/settings.ts";

/** What a list of messages shows: all of the queue, or those that the filter selects. */
export interface MessageQuery extends MessageFilter {
  id?: string | undefined;
  /** Longer bodies are cut. */
  maxBodyBytes?: number | undefined;
}

/** A position in a list: the number of its set, and the position in the set. */
export type ListPosition = [set: number, ...SetPosition];

type BrowseCommands = Pick<QueueCommands, "refresh" | "listMessages" | "cancel" | "postpone">;

/** A page runs at most this many commands, so that no search takes long; a command looks at 250 messages. */
const maxCommands = 40;
/** Bytes of the messages of one page; the first one may have more. */
const maxPageBytes = 4 * 1024 * 1024;

const stateSets: Record<Exclude<MessageState, "blocked">, MessageSet> = {
  ready: { set: "ready" },
  delayed: { set: "delayed" },
  leased: { set: "leases" },
  dead: { set: "dead" },
  moving: { set: "outbox" },
};

/**
 * The sets that together have all messages that a query may select, each once. The messages of a group have an index, except those that
 * have no place in its order: dead ones, those that leave the queue, and in a .fifo queue delayed ones.
 */
function setsOf(queue: string, { id, state, groupId }: MessageQuery): MessageSet[] {
  const { dead, moving, delayed } = stateSets;
  if (id !== undefined) return [{ set: "id", start: id }];
  if (groupId === undefined) {
    if (state === undefined) return [{ set: "ages" }, dead, moving];
    return [state === "blocked" ? { set: "groups", start: "" } : stateSets[state]];
  }
  const inOrder: MessageSet = { set: "groups", start: `${groupId}\0` };
  const others: Partial<Record<MessageState, MessageSet>> = { dead, moving };
  if (isFifoQueue(queue)) {
    others.leased = { set: "groups", start: `\0${groupId}\0`, state: "leased" };
    others.delayed = delayed;
  }
  return state === undefined ? [inOrder, ...Object.values(others)] : [others[state] ?? inOrder];
}

/**
 * Up to `limit` messages of a queue after a position, without changing anything. A search looks at a limited number of messages: it may
 * return fewer than `limit`, or none, and a `next` to continue after. Throws 404 when the queue does not exist.
 */
export async function listMessages(
  commands: BrowseCommands,
  queue: string,
  query: MessageQuery,
  page: { limit: number; after: ListPosition | undefined },
): Promise<{ messages: StoredMessage[]; next: ListPosition | undefined }> {
  // States are shown as they are now: what has become due is applied first, as by every command.
  (await commands.refresh(queue)) ?? queueNotFound(queue);
  const sets = setsOf(queue, query);
  const messages: StoredMessage[] = [];
  let bytes = 0;
  let [at, ...position]: [number, ...Partial<SetPosition>] = page.after ?? [0];
  for (let ran = 0; ran < maxCommands && at < sets.length; ran++) {
    const set = sets[at] as MessageSet;
    const [score, member] = position;
    const after: SetPosition | undefined = score === undefined || member === undefined ? undefined : [score, member];
    const max = page.limit - messages.length;
    const options = { ...query, state: query.state ?? ("state" in set ? set.state : undefined), max };
    const found = (await commands.listMessages(queue, { ...set, after }, options)) ?? queueNotFound(queue);
    messages.push(...found.messages);
    bytes += found.messages.reduce((sum, message) => sum + message.bytes - message.cutBytes, 0);
    [at, ...position] = found.next ? [at, ...found.next] : [at + 1];
    if (messages.length >= page.limit || bytes >= maxPageBytes) break;
  }
  if (at >= sets.length) return { messages, next: undefined };
  const [score = "", member = ""] = position;
  return { messages, next: [at, score, member] };
}

/** One message of a queue; a body of more than `maxBodyBytes` is cut. Throws 404 when the queue or the message does not exist. */
export async function getMessage(
  commands: BrowseCommands,
  queue: string,
  id: string,
  options: { maxBodyBytes?: number } = {},
): Promise<StoredMessage> {
  const { messages } = await listMessages(commands, queue, { id, ...options }, { limit: 1, after: undefined });
  return messages[0] ?? messageNotFound(queue);
}

/**
 * Deletes a message that has not been acked; the receipt of a leased one is invalid afterwards. Throws 404 when the queue or the message
 * does not exist, 409 while it is being transferred to another queue.
 */
export async function cancelMessage(commands: BrowseCommands, queue: string, id: string): Promise<void> {
  const outcome = (await commands.cancel(queue, id)) ?? queueNotFound(queue);
  if (outcome === "missing") messageNotFound(queue);
  if (outcome === "moving") throw conflict(id, "moving");
}

/**
 * Makes a message available in `delaySeconds`, later or sooner than it was. Throws 404 when the queue or the message does not exist, 409
 * when the message is leased, dead, or being transferred to another queue.
 */
export async function postponeMessage(
  commands: BrowseCommands,
  queue: string,
  id: string,
  delaySeconds: number,
): Promise<StoredMessage> {
  const why = (await commands.postpone(queue, id, delaySeconds * 1000)) ?? queueNotFound(queue);
  if (why === "missing") messageNotFound(queue);
  if (why !== "") throw conflict(id, why);
  return getMessage(commands, queue, id);
}

function messageNotFound(queue: string): never {
  throw new Problem("not-found", `Queue ${queue} has no message with this id.`);
}

const conflicts: Partial<Record<MessageState, string>> = {
  leased: "is leased; only its receiver can return it (nack) or extend its lease",
  dead: "is a dead letter; redrive makes it ready again",
  moving: "is being transferred to another queue",
};

function conflict(id: string, state: MessageState): Problem {
  return new Problem("conflict", `Message ${id} ${conflicts[state]}.`);
}
