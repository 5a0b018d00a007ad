import type { Issuer } from "@quintet/host";
import { readIssuerConfig } from "./config.ts";
import { belongsToIssuer } from "./issuer-paths.ts";
import { openIssuer } from "./open-issuer.ts";

export type { AccountsApi } from "./app.ts";

/** The accounts, at `/auth`, and the issuer of all tokens. */
export const accounts: Issuer = {
  name: "accounts",
  port: 8086,
  owns: belongsToIssuer,
  configure(env) {
    const config = readIssuerConfig(env);
    return { config, open: (log, first) => openIssuer(config, log, first) };
  },
};
