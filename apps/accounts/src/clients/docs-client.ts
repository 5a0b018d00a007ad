import { fullScope, originAliases } from "@quintet/auth/issuer";
import { docsClientId, docsRedirectPath } from "@quintet/http";
import type { ApiClient } from "./client-queries.ts";

/**
 * The built-in client of the documentation pages. It is public, cannot be registered or deleted, and its codes are sent only to a
 * page of the issuer's origin (on the loopback interface by any of its names).
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
