import { z } from "@hono/zod-openapi";
import { queueNameSchema } from "../queues/settings.ts";
import { subscriptionIdSchema, subscriptionInputSchema } from "../webhooks/subscriptions.ts";

const time = z.iso.datetime();
const count = z.number().int();

export const subscriptionParams = z.strictObject({
  name: queueNameSchema.describe("Name of the queue"),
  id: subscriptionIdSchema.describe("Id of the subscription"),
});

export const subscriptionInput = subscriptionInputSchema.openapi("SubscriptionInput", {
  description: "Where the messages of a queue are sent, and how",
});

const subscriptionFields = {
  id: z.string().describe("Id of the subscription"),
  queue: z.string().describe("Name of the queue"),
  url: z.string().describe("Where the messages are sent"),
  concurrency: count.describe("Max deliveries in flight"),
  timeoutSeconds: count.describe("Max time of a delivery until its response, in seconds"),
  owner: count.describe("Id of the account that the subscription receives for"),
  status: z
    .enum(["active", "stopped"])
    .openapi({ description: "`stopped`: nothing is delivered until it is put again" }),
  stoppedBecause: z.string().nullable().describe("Why it is stopped; null while it is active"),
  delivered: count.describe("Messages delivered: answered with 2xx"),
  failed: count.describe("Deliveries that failed"),
  failures: count.describe("Deliveries that failed since the last one that succeeded"),
  lastDeliveryAt: time.nullable().describe("When the last delivery ended; null before the first"),
  lastStatus: count.nullable().describe("Status of the last response; null before the first"),
  lastError: z.string().nullable().describe("The last error; null when there was none"),
  lastErrorAt: time.nullable().describe("When that was"),
};

export const subscriptionSchema = z
  .object(subscriptionFields)
  .openapi("Subscription", { description: "A subscription, and what happened with it up to a second ago" });

export const putSubscriptionSchema = z
  .object({
    ...subscriptionFields,
    secret: z
      .string()
      .optional()
      .describe("The secret that was generated, `whsec_…`; it is shown only once, and only if the request had none"),
  })
  .openapi("PutSubscription", { description: "The subscription, with its secret if that was generated" });

export const subscriptionListSchema = z
  .object({
    subscriptions: z.array(subscriptionSchema).describe("The subscriptions of this page, by id"),
    nextCursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  })
  .openapi("SubscriptionList", { description: "One page of subscriptions" });
