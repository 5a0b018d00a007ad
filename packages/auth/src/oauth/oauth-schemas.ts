import { z } from "@hono/zod-openapi";

export const tokenSetSchema = z
  .object({
    access_token: z.string().openapi({ description: "The access token, for `Authorization: Bearer`" }),
    token_type: z.literal("Bearer").openapi({ description: "The kind of access token (RFC 6750)" }),
    expires_in: z.number().int().openapi({ description: "When the access token expires, in seconds", example: 900 }),
    refresh_token: z
      .string()
      .optional()
      .openapi({ description: "For the next tokens; missing for client_credentials and token exchange" }),
    scope: z.string().openapi({ description: "What the tokens may be used for, separated by spaces", example: "all" }),
    issued_token_type: z.string().optional().openapi({ description: "For token exchange only (RFC 8693)" }),
  })
  .openapi("TokenSet");

export const oauthErrorSchema = z
  .object({
    error: z.string().openapi({ description: "The error code of RFC 6749 section 5.2", example: "invalid_grant" }),
    error_description: z.string().openapi({ description: "What is wrong, in words" }),
  })
  .openapi("OAuthError");

/**
 * The form body of an OAuth route, for the OpenAPI document only. The route reads the form itself, because errors have the form of
 * RFC 6749.
 */
export function oauthFormBody(
  properties: Record<string, { description: string; enum?: string[] }>,
  required: string[],
) {
  const named = Object.entries(properties).map(([name, rest]) => [name, { type: "string" as const, ...rest }]);
  const schema = { type: "object" as const, properties: Object.fromEntries(named), required };
  return { body: { required: true as const, content: { "application/x-www-form-urlencoded": { schema } } } };
}
