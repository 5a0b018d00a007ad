import { fullScope, originAliases } from "@quintet/auth/issuer";
import { docsClientId, docsRedirectPath } from "@quintet/http";
import type { ApiClient } from "./client-queries.ts";

/**
 * The client that the documentation pages of the issuer's own origin are. Nobody registers it and nobody can remove it; it keeps no
 * secret, and codes go to a page of this origin only, or on the loopback interface to one of this machine.
 */
export function docsClient(issuer: string): ApiClient {
  return {
    id: docsClientId,
    accountId: 0,
    name: "API documentation",
    secretHash: null,
    redirectUris: originAliases(issuer).map((origin) => origin + docsRedirectPath),
    scope: fullScope,
    createdAt: new Date(0),
  };
}
