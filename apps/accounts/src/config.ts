import { availableParallelism } from "node:os";
import { authSettings } from "@quintet/auth";
import { readEnv, type SettingRule, separatePorts, setTogether, settings } from "@quintet/http";
import { z } from "zod";
import { usernameSchema } from "./accounts/usernames.ts";
import { externalIssuersSetting } from "./external-issuers/external-issuers-setting.ts";
import { defaultRegistrations, registrationModes } from "./registration/admission.ts";
import { areSigningKeys } from "./tokens/signing-key.ts";

/** The variables that an issuer reads besides those of every process with accounts (`authSettings`). */
const issuerSettings = {
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
  OIDC_ISSUERS: externalIssuersSetting.optional(),
  SMTP_URL: settings.url("smtp", "smtps").optional(),
  MAIL_FROM: z.string().regex(/@/, "must be an email address, such as Quintet <no-reply@example.org>").optional(),
  ADMIN_USERNAME: usernameSchema.optional(),
  ADMIN_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
};

/** The settings without which there is no issuer. */
const needed: SettingRule = (given) =>
  ["MYSQL_URL", "REDIS_URL", "AUTH_SIGNING_KEY"]
    .filter((name) => !(name in given))
    .map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`);

const rules = [
  setTogether("ADMIN_USERNAME", "ADMIN_PASSWORD"),
  setTogether("SMTP_URL", "MAIL_FROM"),
  separatePorts,
  needed,
];

const { AUTH_URL: _elsewhere, ...ofEveryProcess } = authSettings;
const schema = z.object({ ...ofEveryProcess, ...issuerSettings, CORS_ORIGINS: settings.listen.CORS_ORIGINS });

/** The parsed settings of the issuer. */
export type IssuerConfig = z.infer<typeof schema>;

/** Reads the settings of the issuer from environment variables; throws one `ConfigError` that names every invalid one. */
export function readIssuerConfig(env: NodeJS.ProcessEnv): IssuerConfig {
  return readEnv(schema, env, rules);
}
