import { Problem } from "@quintet/http";
import { z } from "zod";
import type { Allowances } from "../commands/allowances.ts";
import type { Caller } from "../commands/caller.ts";
import type { QueueCommands } from "../commands/queue-commands.ts";
import type { RegistryCommands } from "../commands/registry-commands.ts";
import { forbidden, queueNotFound } from "../queue-errors.ts";

/** Who has a right: everyone with an account, staff, or the account with this id. */
export type Grantee = "everyone" | "staff" | number;

/** What an account may do with a queue. */
export type Allowed = Record<keyof QueueAccess, boolean>;

/** Who may do what with a queue, besides its owner and staff, who may do everything. */
export interface QueueAccess {
  send: Grantee[];
  receive: Grantee[];
  manage: Grantee[];
}

/** The owner of a queue, an account id or null for a queue of staff, and the rights of others. */
export interface OwnedAccess extends QueueAccess {
  owner: number | null;
}

const rights = ["send", "receive", "manage"] as const;
const maxGrantees = 100;

const accountId = z.int({ error: "must be the id of an account" }).min(1, "must be the id of an account");
const granteeMessage = 'must be "everyone", "staff" or the id of an account';
const granteesSchema = z
  .array(z.union([z.enum(["everyone", "staff"]), accountId], { error: granteeMessage }))
  .max(maxGrantees, `must have at most ${maxGrantees} entries`)
  .default([]);

/** The body of `PUT /queues/{name}/access`. */
export const accessInputSchema = z.strictObject({
  send: granteesSchema.describe("Who may send messages"),
  receive: granteesSchema.describe("Who may receive, ack, nack, extend, redrive and look at messages"),
  manage: granteesSchema.describe("Who may change the settings and the access, purge and delete the queue"),
  owner: accountId
    .nullable()
    .optional()
    .describe("Staff only: the id of the account that owns the queue from now on, null for a queue of staff"),
});

/** What an account may do with a queue: for pages, which show only that. The commands decide, by `commands/parts/rights.lua`. */
export function allowedTo(
  account: { id: number; isStaff: boolean },
  { owner, ...granted }: QueueAccess & { owner: number | null },
): Allowed {
  const may = (right: keyof QueueAccess) =>
    account.isStaff ||
    owner === account.id ||
    [account.id, "everyone" as const].some((one) => granted[right].includes(one));
  return { send: may("send"), receive: may("receive"), manage: may("manage") };
}

/** The access as `commands/parts/rights.lua` takes it. */
function toText(access: QueueAccess): string {
  const granted = rights.flatMap((right) => [...new Set(access[right])].map((one) => `${right}:${one} `));
  return ` ${granted.join("")}`;
}

/** The owner and the access in the fields of a Redis hash; see `commands/parts/rights.lua` for a queue that has none. */
export function accessOf({ owner = "", access }: { owner?: string; access?: string }): OwnedAccess {
  if (access === undefined && owner === "") {
    return { owner: null, send: ["everyone"], receive: ["everyone"], manage: ["staff"] };
  }
  const found: QueueAccess = { send: [], receive: [], manage: [] };
  for (const one of (access ?? "").split(" ")) {
    const [right, grantee = ""] = one.split(":");
    const entry = grantee === "everyone" || grantee === "staff" ? grantee : Number(grantee);
    if (right === "send" || right === "receive" || right === "manage") found[right].push(entry);
  }
  return { owner: owner === "" ? null : Number(owner), ...found };
}

/** The owner of a queue and the rights of others. Throws 404 when it does not exist, 403 when the caller may not read it. */
export async function getAccess(
  { commands }: { commands: QueueCommands },
  name: string,
  caller: Caller,
): Promise<OwnedAccess> {
  return accessOf((await commands.as(caller).access(name)) ?? queueNotFound(name));
}

/**
 * Sets who may do what with a queue. The registry decides, then the queue gets a copy; a call that was interrupted between the two is
 * repeated by its caller. Throws 404 when the queue does not exist, 403 when the caller may not manage it or names an owner without being staff.
 */
export async function putAccess(
  { registry, commands, allowances }: { registry: RegistryCommands; commands: QueueCommands; allowances: Allowances },
  name: string,
  { owner, ...access }: z.infer<typeof accessInputSchema>,
  caller: Caller,
): Promise<OwnedAccess> {
  if (owner !== undefined && !caller.isStaff) {
    const message = "only staff may name another owner";
    throw new Problem("forbidden", `owner: ${message}`, { errors: [{ path: "owner", message }] });
  }
  const text = toText(access);
  const outcome = await registry.setAccess(name, { access: text, owner, caller });
  if (outcome === "unknown") queueNotFound(name);
  if (outcome === "forbidden") throw forbidden(name, "manage");
  if (!(await commands.setAccess(name, { ...outcome, access: text }))) queueNotFound(name);
  if (owner !== undefined && outcome.owner !== "") await allowances.recount(outcome.owner);
  return accessOf({ owner: outcome.owner, access: text });
}
