import { createRoute, z } from "@hono/zod-openapi";
import { type Auth, guards, scopeNames } from "@quintet/auth";
import { version } from "@quintet/host";
import { createService, jsonResponse, type Logger, noQuery, type ServiceOptions } from "@quintet/http";
import { metadataPath } from "../issuer-paths.ts";
import { grantTypes } from "../oauth/token-endpoint.ts";

const withSecret = ["client_secret_basic", "client_secret_post"];

/** RFC 8414 names the other members. */
const metadataSchema = z
  .looseObject({
    issuer: z.string().openapi({ description: "The issuer's identifier", example: "https://example.org" }),
  })
  .openapi("AuthorizationServerMetadata");

/** The authorization server metadata (RFC 8414) at the root of the origin, where the prefix `/auth` does not reach. */
export function createWellKnown(deps: {
  auth: Auth;
  issuer: string;
  log: Logger;
  corsOrigins: string[];
  frame: NonNullable<ServiceOptions["frame"]>;
}) {
  const { issuer, log, corsOrigins, frame } = deps;
  const app = createService({
    title: "Quintet accounts: metadata",
    version,
    prefix: "/",
    frame,
    log,
    corsOrigins,
    checks: {},
  });
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/auth/authorize`,
    token_endpoint: `${issuer}/auth/token`,
    revocation_endpoint: `${issuer}/auth/revoke`,
    introspection_endpoint: `${issuer}/auth/introspect`,
    jwks_uri: `${issuer}/auth/.well-known/jwks.json`,
    scopes_supported: scopeNames,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: ["none", ...withSecret],
    revocation_endpoint_auth_methods_supported: ["none", ...withSecret],
    introspection_endpoint_auth_methods_supported: withSecret,
    service_documentation: `${issuer}/auth/docs`,
  };
  const route = createRoute({
    ...guards(deps.auth).open(),
    method: "get",
    path: metadataPath,
    tags: ["accounts"],
    summary: "Get the authorization server metadata",
    description: "The endpoints and features of the issuer (RFC 8414).",
    request: noQuery,
    responses: { 200: jsonResponse(metadataSchema, "The metadata") },
  });
  app.openapi(route, (c) => {
    c.header("Cache-Control", "public, max-age=300");
    return c.json(metadata, 200);
  });
  return app;
}
