import { afterAll } from "vitest";
import { wholeContract } from "./contract/index.ts";
import { startBehindHttp } from "./harness/installation.ts";

/** The contract with each app in a process of its own, behind HTTP. */
const quintet = await startBehindHttp();
afterAll(() => quintet[Symbol.asyncDispose]());

await wholeContract(quintet);
