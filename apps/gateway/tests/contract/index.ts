import { describe } from "vitest";
import type { AppName, Installation } from "../harness/installation.ts";
import { accounts } from "./accounts/index.ts";
import { auth } from "./auth.ts";
import { directory } from "./directory/index.ts";
import { type Depth, everyCall } from "./every-call.ts";
import { everywhere } from "./everywhere.ts";
import { gateway } from "./gateway.ts";
import { ingest } from "./ingest/index.ts";
import { logs } from "./logs.ts";
import { properties } from "./properties.ts";
import { queue } from "./queue.ts";
import { queueManagement } from "./queue-management.ts";
import { rareAnswers } from "./rare-answers.ts";
import { social } from "./social.ts";
import { texts } from "./texts.ts";

const contracts = { properties, ingest, directory, queue, social };

export { secondDepth } from "./every-call.ts";

/** The contract of one app, the same wherever it runs. */
export async function appContract(quintet: Installation, app: AppName, depth: Depth = "whole"): Promise<void> {
  describe(app, () => contracts[app](quintet));
  everywhere(quintet, app);
  await everyCall(quintet, app, depth);
}

/** Settings of an installation for `wholeContract`: limits that are soon reached. */
export const contractSettings = {
  SIMPLE_QUEUE_ACCOUNT_MAX_BYTES: "2000000",
  QUEUE_ACCOUNT_MAX_QUEUES: "10",
  QUEUE_ACCOUNT_MAX_BYTES: "1000000",
};

/** The contract of the whole: every app, the issuer and the gateway. */
export async function wholeContract(quintet: Installation, depth: Depth = "whole"): Promise<void> {
  describe("gateway", () => gateway(quintet));
  describe("auth", () => auth(quintet));
  describe("accounts", () => accounts(quintet));
  everywhere(quintet, "auth");
  await everyCall(quintet, "auth", depth);
  for (const app of quintet.apps) await appContract(quintet, app, depth);
  describe("queue management", () => queueManagement(quintet));
  describe("logs", () => logs(quintet));
  describe("texts", () => texts(quintet));
  describe("rare answers", () => rareAnswers(quintet));
}
