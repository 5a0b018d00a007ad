import { grantable } from "@quintet/auth/issuer";
import { isVisible, mustBeVisible } from "@quintet/http";
import { z } from "zod";
import { redirectUriFault } from "./redirect-uri.ts";

/** The name of a client, which users see when they are asked for consent. */
const clientNameSchema = z
  .string()
  .min(1, { abort: true })
  .max(100)
  .refine((text) => /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(text), "must be plain text")
  .refine(isVisible, mustBeVisible);

const redirectUriSchema = z.string().superRefine((text, context) => {
  const fault = redirectUriFault(text);
  if (fault) context.addIssue({ code: "custom", message: fault });
});

const scopeSchema = z
  .string()
  .max(1000)
  .transform((text, context) => {
    const granted = grantable(text);
    if (granted === undefined) context.addIssue({ code: "custom", message: "must be scopes, separated by spaces" });
    return granted ?? "";
  });

/** The rules for a new API client. */
export const newClientSchema = z.strictObject({
  name: clientNameSchema,
  scope: scopeSchema,
  redirectUris: z.array(redirectUriSchema).max(10).default([]),
  /** Whether it can keep a secret. */
  confidential: z.boolean().default(true),
});
