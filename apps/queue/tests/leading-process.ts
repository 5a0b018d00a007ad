// A process that takes part in the work of the leader, schedules and webhooks, until it is killed. Every account is active.
import { processDeps } from "./process-deps.ts";

const deps = processDeps({
  activeAccount: async (id) => ({ id, username: "", email: "", isStaff: true, createdAt: "2026-01-01T00:00:00.000Z" }),
  changedAccounts: () => ({ ids: [], version: 0 }),
});
deps.leader.start();
console.log("runs");
