import { runIssuer } from "@quintet/host/run";

await runIssuer(async () => (await import("./index.ts")).accounts);
