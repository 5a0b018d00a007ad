import { issuerRule, issuerSettings, settingPairs } from "@quintet/accounts";
import { authSettings, remoteAuthRule } from "@quintet/auth";
import type { SettingRule } from "@quintet/http";

/**
 * The variables of a process that hosts apps, to be spread into its own schema. With `AUTH_URL` the accounts live behind that
 * URL; without it the process is its own issuer and needs `MYSQL_URL`, `REDIS_URL` and `AUTH_SIGNING_KEY`.
 */
export const hostSettings = { ...authSettings, ...issuerSettings };

/** The rules between these settings, for an issuer. */
export const issuerRules: readonly SettingRule[] = [...settingPairs, issuerRule];

/** The rules between these settings, for an app that may have an `AUTH_URL`. */
export const hostRules: readonly SettingRule[] = [
  ...settingPairs,
  (given) => ("AUTH_URL" in given ? remoteAuthRule(given) : issuerRule(given)),
];
