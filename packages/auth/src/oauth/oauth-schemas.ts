import { z } from "@hono/zod-openapi";

export const tokenSetSchema = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.number().int().openapi({ description: "Seconds" }),
    refresh_token: z.string().optional().openapi({ description: "Not for client_credentials" }),
    scope: z.string(),
    issued_token_type: z.string().optional().openapi({ description: "For token exchange (RFC 8693)" }),
  })
  .openapi("TokenSet");

export const oauthErrorSchema = z
  .object({ error: z.string().openapi({ example: "invalid_grant" }), error_description: z.string() })
  .openapi("OAuthError");

/**
 * The form body of an OAuth route, for its document only: what is wrong with it is told in the form of RFC 6749, so the
 * route reads it itself.
 */
export function oauthFormBody(
  properties: Record<string, { description: string; enum?: string[] }>,
  required: string[],
) {
  const named = Object.entries(properties).map(([name, rest]) => [name, { type: "string" as const, ...rest }]);
  const schema = { type: "object" as const, properties: Object.fromEntries(named), required };
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}
