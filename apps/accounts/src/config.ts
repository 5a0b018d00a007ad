import { availableParallelism } from "node:os";
import type { AuthConfig } from "@quintet/auth";
import { type SettingRule, separatePorts, settings, together } from "@quintet/http";
import { z } from "zod";
import { outsideIssuersSetting } from "./external-issuers/outside-setting.ts";
import { defaultRegistrations, registrationModes } from "./registration/admission.ts";
import { usernameSchema } from "./registration/registration.ts";
import { areSigningKeys } from "./tokens/signing-key.ts";

/** The variables that an issuer reads besides those of every process with accounts (`authSettings`). */
export const issuerSettings = {
  AUTH_SIGNING_KEY: z
    .string()
    .refine(areSigningKeys, "must be an Ed25519 key in PKCS #8, as PEM or base64 DER")
    .optional(),
  MYSQL_URL: settings.mysqlUrl.optional(),
  PASSWORD_REHASH: settings.flag.default(true),
  /** Who may make an account. */
  REGISTRATION: z.enum(registrationModes).default("open"),
  /** How many times in a row one address may try to; 0: without limit. */
  REGISTRATIONS_PER_ADDRESS: settings.number(0, 1_000_000).default(defaultRegistrations),
  /** How many days the audit log is kept; 0: for ever. */
  AUDIT_DAYS: settings.number(0, 36_500).default(0),
  /** The folder for lines of it that are older; they are not kept anywhere unless set. */
  AUDIT_ARCHIVE: settings.folder.optional(),
  /** How many processes serve, so that each takes its share of the cores; the parent of the workers has checked it. */
  WORKERS: z
    .string()
    .regex(/^(\d{1,3}|auto)$/, "must be a number or auto")
    .transform((text) => (text === "auto" ? availableParallelism() : Number(text) || 1))
    .default(1),
  OIDC_ISSUERS: outsideIssuersSetting.optional(),
  SMTP_URL: settings.url("smtp", "smtps").optional(),
  MAIL_FROM: z.string().regex(/@/, "must be an email address, such as Quintet <no-reply@example.org>").optional(),
  ADMIN_USERNAME: usernameSchema.optional(),
  ADMIN_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
};

/** What an issuer needs, whether or not its settings are used: an app that has an `AUTH_URL` reads them as well. */
export const settingPairs: readonly SettingRule[] = [
  together("ADMIN_USERNAME", "ADMIN_PASSWORD"),
  together("SMTP_URL", "MAIL_FROM"),
  separatePorts,
];

/** What its own issuer needs; without an `AUTH_URL` that an app may have, a process is its own. */
export const issuerRule: SettingRule = (given) =>
  ["MYSQL_URL", "REDIS_URL", "AUTH_SIGNING_KEY"]
    .filter((name) => !(name in given))
    .map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`);

const issuerConfig = z.object(issuerSettings);

/** What an issuer takes: the parsed `authSettings` and `issuerSettings`, and the origins that browsers may call it from. */
export type IssuerConfig = AuthConfig & z.infer<typeof issuerConfig> & { CORS_ORIGINS?: string[] };
