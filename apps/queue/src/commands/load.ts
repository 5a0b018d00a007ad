import { luaCommands, type Redis, type RunLua } from "@quintet/db";

/** The atomic operations: the files of this folder, each with its number of keys in its name. */
const commandNames = [
  "accept-10",
  "ack-10",
  "claim-10",
  "complete-4",
  "configure-2",
  "destroy-12",
  "extend-10",
  "look-9",
  "mark-1",
  "outgoing-4",
  "patrol-3",
  "planned-2",
  "pop-2",
  "purge-9",
  "push-2",
  "push-once-3",
  "redrive-9",
  "refuse-2",
  "register-2",
  "release-10",
  "return-9",
  "send-12",
  "settle-11",
  "take-due-2",
  "unregister-2",
] as const;

/** These do to what has come since what they did to what was there: a lost answer is told, and nothing is sent again. */
const takesMoreTheSecondTime: ReadonlySet<string> = new Set(["pop-2", "purge-9", "push-2", "redrive-9"]);

export type CommandName = (typeof commandNames)[number];

/** Runs one atomic operation; its file says what it takes and answers. */
export type RunCommand = RunLua<CommandName>;

/** Makes the Lua files commands of this client. */
export function loadCommands(redis: Redis): RunCommand {
  return luaCommands(redis, new URL("./", import.meta.url), commandNames, (name) => !takesMoreTheSecondTime.has(name));
}
