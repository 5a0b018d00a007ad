import { availableParallelism } from "node:os";
import { authSettings } from "@quintet/auth";
import { readEnv, type SettingRule, separatePorts, setTogether, settings } from "@quintet/http";
import { z } from "zod";
import { usernameSchema } from "./accounts/usernames.ts";
import { externalIssuersSetting } from "./external-issuers/external-issuers-setting.ts";
import { defaultRegistrations, registrationModes } from "./registration/admission.ts";
import { areSigningKeys } from "./tokens/signing-key.ts";

/** The variables that the issuer reads besides those of every process with accounts (`authSettings`). */
const issuerSettings = {
  /** The private keys of access tokens: the first one signs, all verify. */
  AUTH_SIGNING_KEY: z
    .string()
    .refine(areSigningKeys, "must be an Ed25519 key in PKCS #8, as PEM or base64 DER")
    .optional(),
  MYSQL_URL: settings.mysqlUrl.optional(),
  /** Whether password hashes are upgraded to Argon2id at sign-in; false while a Django site reads the table. */
  PASSWORD_REHASH: settings.flag.default(true),
  /** Who may create an account. */
  REGISTRATION: z.enum(registrationModes).default("open"),
  /** How many registrations in a row one address may attempt; 0: without limit. */
  REGISTRATIONS_PER_ADDRESS: settings.number(0, 1_000_000).default(defaultRegistrations),
  /** How many days the audit log is kept; 0: without limit. */
  AUDIT_DAYS: settings.number(0, 36_500).default(0),
  /** The folder that older entries are written to before they are deleted; without it they are only deleted. */
  AUDIT_ARCHIVE: settings.folder.optional(),
  /** How many processes serve, so that each hashes on its share of the cores. The parent of the workers validates it. */
  WORKERS: z
    .string()
    .regex(/^(\d{1,3}|auto)$/, "must be a number or auto")
    .transform((text) => (text === "auto" ? availableParallelism() : Number(text) || 1))
    .default(1),
  /** Other issuers whose access tokens are accepted. */
  OIDC_ISSUERS: externalIssuersSetting.optional(),
  SMTP_URL: settings.url("smtp", "smtps").optional(),
  MAIL_FROM: z.string().regex(/@/, "must be an email address, such as Quintet <no-reply@example.org>").optional(),
  ADMIN_USERNAME: usernameSchema.optional(),
  ADMIN_PASSWORD: z.string().min(8, "must have 8 characters or more").optional(),
};

/** Optional in the schema, so that a missing one is reported with the reason. */
const required = ["MYSQL_URL", "REDIS_URL", "AUTH_SIGNING_KEY"] as const;
const requiredSettings: SettingRule = (given) =>
  required
    .filter((name) => !(name in given))
    .map((name) => `${name} is missing: without AUTH_URL this process is its own issuer`);

const rules = [
  setTogether("ADMIN_USERNAME", "ADMIN_PASSWORD"),
  setTogether("SMTP_URL", "MAIL_FROM"),
  separatePorts,
  requiredSettings,
];

const { AUTH_URL: _onlyForApps, ...ofEveryProcess } = authSettings;
const schema = z.object({ ...ofEveryProcess, ...issuerSettings, CORS_ORIGINS: settings.listen.CORS_ORIGINS });

/** The parsed settings of the issuer. */
export type IssuerConfig = z.infer<typeof schema> & Record<(typeof required)[number], string>;

/** Reads the settings of the issuer from environment variables; throws one `ConfigError` that names every invalid one. */
export function readIssuerConfig(env: NodeJS.ProcessEnv): IssuerConfig {
  return readEnv(schema, env, rules) as IssuerConfig; // By `requiredSettings`.
}
