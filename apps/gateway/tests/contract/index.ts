import { describe } from "vitest";
import type { AppName, Installation } from "../harness/installation.ts";
import { accounts } from "./accounts/index.ts";
import { auth } from "./auth.ts";
import { directory } from "./directory/index.ts";
import { everyCall } from "./every-call.ts";
import { everywhere } from "./everywhere.ts";
import { gateway } from "./gateway.ts";
import { ingest } from "./ingest/index.ts";
import { logs } from "./logs.ts";
import { properties } from "./properties.ts";
import { queue } from "./queue.ts";
import { rareAnswers } from "./rare-answers.ts";
import { social } from "./social.ts";
import { texts } from "./texts.ts";

const contracts = { properties, ingest, directory, queue, social };

/** The contract of one app, the same wherever it runs. */
export async function appContract(quintet: Installation, app: AppName): Promise<void> {
  describe(app, () => contracts[app](quintet));
  everywhere(quintet, app);
  await everyCall(quintet, app);
}

/** The contract of the whole: every app, the issuer and the gateway. */
export async function wholeContract(quintet: Installation): Promise<void> {
  describe("gateway", () => gateway(quintet));
  describe("auth", () => auth(quintet));
  describe("accounts", () => accounts(quintet));
  everywhere(quintet, "auth");
  await everyCall(quintet, "auth");
  for (const app of quintet.apps) await appContract(quintet, app);
  describe("logs", () => logs(quintet));
  describe("texts", () => texts(quintet));
  describe("rare answers", () => rareAnswers(quintet));
}
