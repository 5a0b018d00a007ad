import { z } from "@hono/zod-openapi";
import { queueNameSchema } from "../queues/settings.ts";
import { scheduleInputSchema } from "../schedules/schedules.ts";

const time = z.iso.datetime();

/** The body of a PUT, which the route validates itself. */
export const scheduleInput = scheduleInputSchema.openapi("ScheduleInput", {
  description: "When messages are sent, where to, and the message with its fields",
  required: ["cron", "queue", "body"],
});

const { cron: _, queue: __, timeZone: ___, body: ____, ...messageFields } = scheduleInputSchema.shape;

export const scheduleSchema = z
  .object({
    name: z.string().describe("Name of the schedule"),
    cron: z.string().describe("Cron expression"),
    timeZone: z.string().describe("IANA name of the time zone of the cron expression"),
    queue: queueNameSchema.describe("Name of the queue that gets the messages"),
    owner: z.number().int().describe("Id of the account that the messages are sent for"),
    nextFireAt: time
      .nullable()
      .describe("When the next message is due, or the next attempt after an error; null when there is none"),
    lastFireAt: time.nullable().describe("The last time for which a message was sent; null before the first"),
    lastError: z
      .string()
      .nullable()
      .describe("Why the message that is due could not be sent yet; null when the last one was sent"),
    lastErrorAt: time.nullable().describe("When that was"),
    ...messageFields,
    body: z.unknown().openapi({ description: "The message: the JSON value that was sent" }),
  })
  .openapi("Schedule", { description: "A schedule of recurring messages" });
export type Schedule = z.infer<typeof scheduleSchema>;

export const scheduleListSchema = z
  .object({
    schedules: z.array(scheduleSchema).describe("The schedules of this page, by name"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("ScheduleList", { description: "One page of schedules" });
export type ScheduleList = z.infer<typeof scheduleListSchema>;
