import type { OpenAPIHono } from "@hono/zod-openapi";
import { signedInAs } from "@quintet/auth";
import { createService, type ServiceEnv } from "@quintet/http";
import type { Deps } from "./deps.ts";
import { queueFrame } from "./pages/frame.ts";
import { addAccessActions } from "./routes/access-actions.ts";
import { addAccessKeyRoutes } from "./routes/access-keys.ts";
import { addBrowseRoutes } from "./routes/browse.ts";
import { addLeaseRoutes } from "./routes/leases.ts";
import { addListActions } from "./routes/list-actions.ts";
import { addLoginRoutes } from "./routes/login.ts";
import { addMessageActions } from "./routes/message-actions.ts";
import { addMessageRoutes, maxBodyBytes } from "./routes/messages.ts";
import { addQueueActions } from "./routes/queue-actions.ts";
import { addQueueRoutes } from "./routes/queues.ts";
import { addRateRoutes } from "./routes/rates.ts";
import { addRedriveRoutes } from "./routes/redrives.ts";
import { addScheduleRoutes } from "./routes/schedules.ts";
import { addSimpleQueueRoutes } from "./routes/simple.ts";
import { addSqsRoutes } from "./routes/sqs.ts";
import { addStatusRoutes } from "./routes/status.ts";
import { addStreamRoutes } from "./routes/stream.ts";
import { addSubscriptionRoutes } from "./routes/subscriptions.ts";

/** The message queue below `/queue`. */
export function createApp(deps: Deps): OpenAPIHono<ServiceEnv> {
  const frame = queueFrame(signedInAs(deps.auth));
  const app = createService({
    ...deps.service,
    frame,
    tags: {
      queue: "The simple queue: first in, first out; a popped message is removed",
      "named queues": "Queues with leases, delays, priorities, groups and dead-letter queues",
      webhooks: "Delivery of the messages of a queue to a URL",
      "queue pages": "The forms by which people manage queues and messages in a browser",
      schedules: "Recurring messages: sent to a queue at the times of a cron expression",
      "Amazon SQS": "Named queues by the protocol of Amazon SQS, for its SDKs, and the access keys that sign requests",
    },
    largeBodies: { paths: /^\/queue\/(?:queues\/[^/]+\/messages$|sqs(?:\/|$))/, maxBytes: maxBodyBytes },
    checks: { ...deps.service.checks, queues: deps.checkQueues },
  });
  addStatusRoutes(app, deps, frame);
  addSimpleQueueRoutes(app, deps);
  addLoginRoutes(app, deps);
  addQueueRoutes(app, deps, frame);
  addQueueActions(app, deps, frame);
  addAccessActions(app, deps, frame);
  addRateRoutes(app, deps);
  addMessageRoutes(app, deps);
  addBrowseRoutes(app, deps, frame);
  addMessageActions(app, deps, frame);
  addRedriveRoutes(app, deps);
  addLeaseRoutes(app, deps);
  addStreamRoutes(app, deps);
  addSubscriptionRoutes(app, deps, frame);
  addScheduleRoutes(app, deps, frame);
  addAccessKeyRoutes(app, deps, frame);
  addListActions(app, deps, frame);
  addSqsRoutes(app, deps, maxBodyBytes);
  return app;
}

/** The types of its operations, for a typed client. */
export type QueueApi = ReturnType<
  | typeof addStatusRoutes
  | typeof addSimpleQueueRoutes
  | typeof addLoginRoutes
  | typeof addQueueRoutes
  | typeof addRateRoutes
  | typeof addMessageRoutes
  | typeof addBrowseRoutes
  | typeof addRedriveRoutes
  | typeof addLeaseRoutes
  | typeof addStreamRoutes
  | typeof addSubscriptionRoutes
  | typeof addScheduleRoutes
  | typeof addAccessKeyRoutes
>;
