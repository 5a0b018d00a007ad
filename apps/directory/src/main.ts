import { runApp } from "@quintet/host/run";

await runApp({
  app: async () => (await import("./index.ts")).directory,
  issuer: async () => (await import("@quintet/accounts")).accounts,
});
