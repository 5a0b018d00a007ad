/**
 * Every setting that a program reads, by which a settings file is checked before anything reads it. The schemas that say what a
 * setting may be are in the apps, which the parent of the workers does not load; a test holds this list to them.
 */
export const settingNames: readonly string[] = [
  "ACCOUNTS_URL",
  "ADMIN_PASSWORD",
  "ADMIN_USERNAME",
  "AUDIT_ARCHIVE",
  "AUDIT_DAYS",
  "AUTH_SIGNING_KEY",
  "AUTH_URL",
  "BACKUPS_KEEP",
  "BACKUP_DIR",
  "BULK_STATEMENT_SECONDS",
  "CACHE_REDIS_URL",
  "CORS_ORIGINS",
  "DEMO_DATA",
  "DEMO_USERS",
  "DIRECTORY_URL",
  "DRAIN_SECONDS",
  "HOST",
  "INGEST_URL",
  "LOADS_DAYS",
  "LOG_FILE",
  "LOG_KEEP",
  "LOG_LEVEL",
  "LOG_MAX_MB",
  "LOOP_BLOCK_MS",
  "MAIL_FROM",
  "MAX_REQUESTS_AT_ONCE",
  "MAX_SHARE_PERCENT",
  "MAX_WAITING_AT_ONCE",
  "METRICS_HOST",
  "METRICS_PORT",
  "MYSQL_URL",
  "OIDC_ISSUERS",
  "OTEL_BSP_SCHEDULE_DELAY",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_SDK_DISABLED",
  "OTEL_SERVICE_NAME",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "PASSWORD_REHASH",
  "PORT",
  "POSTGRES_URL",
  "PROPERTIES_URL",
  "PUBLIC_FIGURES",
  "PUBLIC_URL",
  "QUEUE_URL",
  "QUINTET_SECRET",
  "RATE_LIMIT_PER_MINUTE",
  "REDIRECT_PORT",
  "REDIS_PREFIX",
  "REDIS_URL",
  "REGISTRATION",
  "REGISTRATIONS_PER_ADDRESS",
  "REJECTS_DAYS",
  "SIMPLE_QUEUE_MAX_BYTES",
  "SIMPLE_QUEUE_MAX_LENGTH",
  "SMTP_URL",
  "SOCIAL_URL",
  "SQL_COMMENTS",
  "STATEMENT_SECONDS",
  "STUCK_SECONDS",
  "TLS_CERT",
  "TLS_KEY",
  "TRUSTED_PROXIES",
  "WORKERS",
];

/** The name that was probably meant, if one differs by no more than a slip or two: letters wrong, missing, too many or swapped. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const most = given.length < 6 ? 1 : 2;
  const found = names.map((name) => ({ name, slips: slipsBetween(given.toUpperCase(), name) }));
  return found.filter(({ slips }) => slips <= most).toSorted((a, b) => a.slips - b.slips)[0]?.name;
}

/** How many letters have to be put in, taken out, replaced, or swapped with the next (the restricted Damerau-Levenshtein distance). */
function slipsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(i - 2, j - 2) + 1);
      row.push(least);
    }
  }
  return at(a.length, b.length);
}
