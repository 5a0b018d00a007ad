import { grantable } from "@quintet/auth/issuer";
import { z } from "zod";

/** The algorithms that tokens of other issuers may be signed with: none with a shared secret. */
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
  /** Exactly what its tokens say in `iss`. */
  issuer: z.string().max(255).refine(isTrustworthy, "must be an https:// URL"),
  /** What a token must be meant for: one of these in `aud`, or in `client_id` of a Cognito access token. */
  audience: oneOrMore,
  /** The clients whose tokens are taken (`azp`, `appid` or `client_id`); any unless told. */
  clients: oneOrMore.optional(),
  /** The claim that usernames are made of; the first of the usual ones unless told. A dot leads into an object. */
  username: z.string().min(1).optional(),
  /** The claim, and the value that it must be or contain, that makes staff of whoever has it. Nobody unless told. */
  staff: z.strictObject({ claim: z.string().min(1), value: z.string().min(1) }).optional(),
  /** What a token is good for whose own scopes name nothing of ours. */
  scope: z
    .string()
    .refine((text) => grantable(text) !== undefined, "must be scopes, separated by spaces")
    .default("all"),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1)
    .default([...algorithms]),
});

/** Another issuer whose tokens are taken. */
export type ExternalIssuer = z.infer<typeof externalIssuerSchema>;

/** `OIDC_ISSUERS`: a JSON list; each issuer once. */
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

/** Whether keys from this address can be believed: by TLS, or because they come from this machine. */
export function isTrustworthy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
