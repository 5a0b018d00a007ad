import { afterAll } from "vitest";
import { certificates } from "./certificate.ts";
import { contractSettings, secondDepth, wholeContract } from "./contract/index.ts";
import { startMounted } from "./harness/installation.ts";

/** The contract over TLS and HTTP/2. */
const made = certificates();
const { cert, key } = made.make("contract");
const quintet = await startMounted({ ...contractSettings, TLS_CERT: cert, TLS_KEY: key });
afterAll(async () => {
  await quintet[Symbol.asyncDispose]();
  made[Symbol.dispose]();
});

await wholeContract(quintet, secondDepth);
