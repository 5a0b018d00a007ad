import { grantable } from "@quintet/auth/issuer";
import { z } from "zod";

/** The accepted signature algorithms: none with a shared secret. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const oneOrMore = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((given) => (typeof given === "string" ? [given] : given));

const externalIssuerSchema = z.strictObject({
  /** Exactly the `iss` of its tokens. */
  issuer: z.string().max(255).refine(isTrustworthy, "must be an https:// URL"),
  /** The accepted audiences: compared with `aud`, or with `client_id` of a Cognito access token. */
  audience: oneOrMore,
  /** The accepted clients (`azp`, `appid` or `client_id`); any by default. */
  clients: oneOrMore.optional(),
  /** The claim that usernames are derived from; by default the first of the usual ones. A dot leads into an object. */
  username: z.string().min(1).optional(),
  /** The claim, and the value that it must be or contain, that makes an account staff; none by default. */
  staff: z.strictObject({ claim: z.string().min(1), value: z.string().min(1) }).optional(),
  /** What its tokens may be used for at most, and are used for when they contain no scope of ours. */
  scope: z
    .string()
    .refine((text) => grantable(text) !== undefined, "must be scopes, separated by spaces")
    .default("all"),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1)
    .default([...algorithms]),
});

/** Another issuer whose tokens are accepted. */
export type ExternalIssuer = z.infer<typeof externalIssuerSchema>;

/** `OIDC_ISSUERS`: a JSON list, with each issuer at most once. */
export const externalIssuersSetting = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "must be a JSON list" });
      return z.NEVER;
    }
  })
  .pipe(
    z
      .array(externalIssuerSchema)
      .refine((list) => new Set(list.map(({ issuer }) => issuer)).size === list.length, "names an issuer twice"),
  );

/** Whether keys from this URL can be trusted: because of TLS, or because they come from this machine. */
export function isTrustworthy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
