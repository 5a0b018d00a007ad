import { afterAll } from "vitest";
import { wholeContract } from "./contract/index.ts";
import { startMounted } from "./harness/installation.ts";

/** The contract with every app in the gateway's own process. */
const quintet = await startMounted();
afterAll(() => quintet[Symbol.asyncDispose]());

await wholeContract(quintet);
