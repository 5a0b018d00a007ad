import { afterAll, describe } from "vitest";
import { certificates } from "./certificate.ts";
import { gateway } from "./contract/gateway.ts";
import { appContract, contractSettings, secondDepth, wholeContract } from "./contract/index.ts";
import { startMounted } from "./harness/installation.ts";

/** The contract over TLS and HTTP/2: of the gateway, of large bodies (ingest) and of waiting and streams (queue); in `npm run test:faults` whole. */
const made = certificates();
const { cert, key } = made.make("contract");
const quintet = await startMounted({ ...contractSettings, TLS_CERT: cert, TLS_KEY: key });
afterAll(async () => {
  await quintet[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

if (secondDepth === "whole") {
  await wholeContract(quintet);
} else {
  describe("gateway", () => gateway(quintet));
  for (const app of ["ingest", "queue"] as const) await appContract(quintet, app, secondDepth);
}
