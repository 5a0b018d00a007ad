import { randomBytes } from "node:crypto";
import { type Auth, siteAt } from "@quintet/auth";
import { createLogger } from "@quintet/http";
import { type Deps, queue as definition } from "../src/index.ts";

const nobody: Auth = {
  site: siteAt("http://localhost:8080", { check: () => false }),
  access: async () => undefined,
  cachedAccess: () => undefined,
  verifyToken: async () => undefined,
  verifyPassword: async () => undefined,
  activeAccount: async () => undefined,
  changedAccounts: () => ({ ids: [], version: 0 }),
  passwordGrant: async () => undefined,
  register: () => Promise.reject(new Error("Nobody signs in here.")),
  beginAction: () => Promise.reject(new Error("Nobody is staff here.")),
  [Symbol.asyncDispose]: async () => {},
};

/** The deps of the app in a process of a test, with the settings of its environment and no accounts but those of `auth`. */
export function processDeps(auth: Partial<Auth> = {}): Deps {
  const config = definition.loadConfig({
    QUINTET_SECRET: randomBytes(32).toString("hex"),
    ...process.env,
    AUTH_URL: "http://issuer.test",
  });
  return definition.createDeps(config, {
    log: createLogger({ service: "queue", level: "silent" }),
    auth: { ...nobody, ...auth },
  });
}
