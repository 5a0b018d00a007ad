import { luaCommands, type Redis, type RunLua } from "@quintet/db";

/** The atomic operations: the Lua files of this folder, each with its number of keys in its name. */
const commandNames = [
  "accept-14",
  "ack-14",
  "allot-1",
  "allow-1",
  "begin-reclaim-2",
  "cancel-14",
  "cancel-redrive-14",
  "change-settings-1",
  "check-right-1",
  "claim-14",
  "complete-4",
  "configure-2",
  "create-access-key-3",
  "delete-15",
  "delete-access-key-3",
  "delete-item-5",
  "extend-14",
  "lead-1",
  "list-messages-13",
  "list-names-4",
  "list-outgoing-4",
  "list-redrives-14",
  "mark-due-1",
  "pop-3",
  "postpone-14",
  "purge-13",
  "push-3",
  "push-once-4",
  "put-item-4",
  "read-state-13",
  "read-usage-2",
  "reclaim-2",
  "record-allowances-1",
  "record-figures-2",
  "redrive-13",
  "refresh-13",
  "register-4",
  "register-access-4",
  "reject-2",
  "release-14",
  "replace-item-2",
  "reschedule-2",
  "return-to-source-13",
  "save-states-3",
  "scan-3",
  "send-14",
  "set-access-1",
  "settle-schedule-2",
  "start-redrive-14",
  "step-redrive-14",
  "take-due-2",
  "unregister-4",
  "watch-3",
] as const;

/** Running these again would do more work, so they are not retried: when a reply is lost, the error says that the outcome is unknown. */
const notRepeatable: ReadonlySet<string> = new Set([
  "delete-access-key-3",
  "pop-3",
  "purge-13",
  "push-3",
  "redrive-13",
]);

/**
 * What a fail-over of Redis may undo: it only reads, or what it does is done again. All others resolve once they are replicated, if
 * `REDIS_WAIT_REPLICAS` is set: those that a client gets confirmed, and the steps of a transfer between queues, which may be on
 * different nodes of a cluster.
 */
const notReplicated =
  /^(?:claim|extend|refresh|read-state|list-outgoing|list-messages|list-names|check-right|lead|mark-due|take-due|reschedule|scan|record-figures)-/;

export type CommandName = (typeof commandNames)[number];

/** Runs one atomic operation; the header of its Lua file describes its keys, arguments and result. */
export type RunCommand = RunLua<CommandName>;

/** Defines the Lua files as commands of this client. */
export function loadCommands(redis: Redis): RunCommand {
  return luaCommands(
    redis,
    new URL("./", import.meta.url),
    commandNames,
    (name) => !notRepeatable.has(name),
    (name) => !notReplicated.test(name),
  );
}
