import { Problem } from "@quintet/http";
import { z } from "zod";
import type { ItemCommands, StoredItem } from "../commands/item-commands.ts";
import { type MessageInput, messageSchema } from "../messages/send.ts";
import { queueNameSchema } from "../queues/settings.ts";
import { nextTime, timingFault } from "./cron-times.ts";

/** How many schedules an account may have. */
const maxOwned = 100;

/** A name of a schedule; it is part of Redis keys. */
export const scheduleNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,80}$/, "must be 1 to 80 letters, digits, hyphens or underscores");

const { dedupeId: _, sendAt: __, ...messageFields } = messageSchema.shape;

/** The body of `PUT /schedules/{name}`: when, where to, and the message. */
export const scheduleInputSchema = z
  .strictObject({
    cron: z
      .string()
      .max(200, "must have at most 200 characters")
      .describe(
        "Cron expression of five fields: minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly",
      )
      .meta({ example: "30 6 * * MON-FRI" }),
    queue: queueNameSchema.describe("Name of the queue that gets the messages").meta({ example: "orders" }),
    timeZone: z
      .string()
      .max(64, "must have at most 64 characters")
      .default("UTC")
      .describe("IANA name of the time zone of the cron expression; UTC by default")
      .meta({ example: "Europe/Berlin" }),
    ...messageFields,
  })
  .refine((message) => Object.hasOwn(message, "body"), { path: ["body"], message: "is required" })
  .superRefine((input, context) => {
    const fault = timingFault(input);
    if (fault) context.addIssue({ code: "custom", path: [fault.path], message: fault.message });
  });

/** A schedule as it is stored. */
export interface Schedule {
  /** The id of the account that sends. */
  owner: number;
  timing: string;
  cron: string;
  timeZone: string;
  queue: string;
  message: MessageInput;
  /** ms since 1970. */
  updatedAt: number;
}

/** What happened with a schedule. Times are ms since 1970. */
export interface ScheduleState {
  /** The last due time for which a message was sent. */
  firedFor?: number;
  /** The due time for which a message could not be sent yet. */
  pending?: number;
  error?: string;
  errorAt?: number;
}

export type ScheduleCommands = ItemCommands<Schedule, ScheduleState>;

/** A schedule as the API shows it, without its message. Times are ISO 8601. */
export interface ScheduleView {
  name: string;
  cron: string;
  timeZone: string;
  queue: string;
  owner: number;
  nextFireAt: string | null;
  lastFireAt: string | null;
  lastError: string | null;
  lastErrorAt: string | null;
}

/** Who works with schedules: the id of the account, and whether it is staff. */
interface Person {
  id: number;
  isStaff: boolean;
}

/** Creates or replaces a schedule of this account. Returns whether it was created. Throws 403 when it belongs to another, 429. */
export async function putSchedule(
  schedules: ScheduleCommands,
  name: string,
  person: Person,
  input: Pick<Schedule, "cron" | "timeZone" | "queue" | "message">,
): Promise<boolean> {
  const now = await schedules.now();
  const time = nextTime(input, now);
  if (time === undefined) {
    const errors = [{ path: "cron", message: "never comes due" }];
    throw new Problem("unprocessable", "cron: never comes due", { errors });
  }
  const item = { ...input, owner: person.id, timing: `${input.cron} ${input.timeZone}`, updatedAt: now };
  const outcome = await schedules.put(name, item, { time, maxOwned });
  if (outcome === "forbidden") throw notYours(name);
  if (outcome === "owner" || outcome === "prefix") {
    throw new Problem("too-many-requests", `An account may have at most ${maxOwned} schedules.`);
  }
  return outcome === "created";
}

/** A schedule. Throws 404 when there is none, 403 when it belongs to another account; staff may see all. */
export async function getSchedule(
  schedules: ScheduleCommands,
  name: string,
  person: Person,
): Promise<{ view: ScheduleView; message: MessageInput }> {
  const [found] = await schedules.read([name]);
  if (!found) return scheduleNotFound(name);
  if (!person.isStaff && found.item.owner !== person.id) throw notYours(name);
  return { view: viewOf(found), message: found.item.message };
}

/** The first `limit` schedules after `after`: those of this account, or all for staff. `last` is the last name if there are more. */
export async function listSchedules(
  schedules: ScheduleCommands,
  person: Person,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<{ found: { view: ScheduleView; message: MessageInput }[]; last: string | undefined }> {
  const names = person.isStaff
    ? await schedules.names("", after, limit + 1)
    : await schedules.namesOf(person.id, after, limit + 1);
  const listed = names.slice(0, limit);
  const found = (await schedules.read(listed)).map((one) => ({ view: viewOf(one), message: one.item.message }));
  return { found, last: names.length > limit ? listed.at(-1) : undefined };
}

/** Deletes a schedule. Throws 404 when there is none, 403 when it belongs to another account; staff may delete all. */
export async function deleteSchedule(schedules: ScheduleCommands, name: string, person: Person): Promise<void> {
  const outcome = await schedules.delete(name, person.isStaff ? undefined : person.id, { keepVersion: false });
  if (outcome === "missing") scheduleNotFound(name);
  if (outcome === "forbidden") throw notYours(name);
}

function viewOf({ name, item, state = {}, time }: StoredItem<Schedule, ScheduleState>): ScheduleView {
  return {
    name,
    cron: item.cron,
    timeZone: item.timeZone,
    queue: item.queue,
    owner: item.owner,
    nextFireAt: isoOrNull(time),
    lastFireAt: isoOrNull(state.firedFor),
    lastError: state.error ?? null,
    lastErrorAt: isoOrNull(state.errorAt),
  };
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function scheduleNotFound(name: string): never {
  throw new Problem("not-found", `Schedule ${name} not found.`);
}

function notYours(name: string): Problem {
  return new Problem("forbidden", `Schedule ${name} belongs to another account.`);
}
