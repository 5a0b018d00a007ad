/**
 * Every setting that a program reads, so that a settings file can be checked for unknown names. The schemas of the settings are in the apps,
 * which the parent of the workers does not load; a test compares this list with them.
 */
export const settingNames: readonly string[] = [
  "ACCOUNTS_URL",
  "ADMIN_PASSWORD",
  "ADMIN_USERNAME",
  "AUDIT_ARCHIVE",
  "AUDIT_DAYS",
  "AUTH_SIGNING_KEY",
  "AUTH_URL",
  "BACKUPS_DAYS",
  "BACKUPS_KEEP",
  "BACKUP_CRON",
  "BACKUP_DIR",
  "BACKUP_URL",
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
  "MAP_ATTRIBUTION",
  "MAP_TILES_URL",
  "MAX_REQUESTS_AT_ONCE",
  "MAX_SHARE_PERCENT",
  "MAX_WAITING_AT_ONCE",
  "METRICS_HOST",
  "METRICS_PORT",
  "MYSQL_URL",
  "NOTIFY_PASSWORD",
  "NOTIFY_QUEUE",
  "NOTIFY_QUEUE_URL",
  "NOTIFY_SECONDS",
  "NOTIFY_USERNAME",
  "NEW_ACCOUNT_WRITES_PER_HOUR",
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
  "PUBLIC_LISTINGS",
  "PUBLIC_URL",
  "QUEUE_METRICS_MAX_QUEUES",
  "QUEUE_ACCOUNT_MAX_BYTES",
  "QUEUE_ACCOUNT_MAX_MESSAGES",
  "QUEUE_ACCOUNT_MAX_QUEUES",
  "QUEUE_URL",
  "QUINTET_SECRET",
  "RATE_LIMIT_PER_MINUTE",
  "REDIRECT_PORT",
  "REDIS_PREFIX",
  "REDIS_URL",
  "REDIS_WAIT_MS",
  "REDIS_WAIT_REPLICAS",
  "REGISTRATION",
  "REGISTRATIONS_PER_ADDRESS",
  "REJECTS_DAYS",
  "REPORTS_MYSQL_URL",
  "S3_ACCESS_KEY_ID",
  "S3_ENDPOINT",
  "S3_REGION",
  "S3_SECRET_ACCESS_KEY",
  "SAVED_SEARCHES_MAX",
  "SHOW_EMAILS",
  "SIMPLE_QUEUE",
  "SIMPLE_QUEUE_ACCOUNT_MAX_BYTES",
  "SIMPLE_QUEUE_ACCOUNT_MAX_MESSAGES",
  "SIMPLE_QUEUE_MAX_BYTES",
  "SIMPLE_QUEUE_MAX_LENGTH",
  "SMTP_URL",
  "SOCIAL_URL",
  "SQL_COMMENTS",
  "SQL_MYSQL_URL",
  "STATEMENT_SECONDS",
  "STUCK_SECONDS",
  "TLS_CERT",
  "TLS_KEY",
  "TRUSTED_PROXIES",
  "UNDO_DAYS",
  "UPLOADS_GIB",
  "UPLOADS_HOURS",
  "UPLOAD_DIR",
  "WEBHOOKS_PRIVATE_ADDRESSES",
  "WORKERS",
  "WRITES_PER_HOUR",
];

/** The known name that was probably meant: the closest one within an edit distance of one or two. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  const maxDistance = given.length < 6 ? 1 : 2;
  const found = names.map((name) => ({ name, distance: editDistance(given.toUpperCase(), name) }));
  return found.filter(({ distance }) => distance <= maxDistance).toSorted((a, b) => a.distance - b.distance)[0]?.name;
}

/** The restricted Damerau-Levenshtein distance: insertions, deletions, replacements and swaps of neighbouring letters. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let distance = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) distance = Math.min(distance, at(i - 2, j - 2) + 1);
      row.push(distance);
    }
  }
  return at(a.length, b.length);
}
